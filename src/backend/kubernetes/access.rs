//! What submitting and following needs of a cluster's permissions.

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use super::api::Cluster;
use super::error::ClusterError;

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Need {
    pub(super) group: &'static str,
    pub(super) resource: &'static str,
    pub(super) subresource: &'static str,
    pub(super) verb: &'static str,
}

const fn need(group: &'static str, resource: &'static str, verb: &'static str) -> Need {
    Need { group, resource, subresource: "", verb }
}

/// All that a submission that is followed to its end asks for.
const NEEDS: [Need; 11] = [
    need("", "configmaps", "create"),
    need("", "configmaps", "get"),
    need("", "configmaps", "patch"),
    need("", "configmaps", "delete"),
    need("", "services", "create"),
    need("", "secrets", "create"),
    need("batch", "jobs", "create"),
    need("batch", "jobs", "list"),
    need("batch", "jobs", "watch"),
    need("", "pods", "list"),
    Need { group: "", resource: "pods", subresource: "log", verb: "get" },
];

/// What of it this user lacks.
pub(super) async fn missing(cluster: &Cluster) -> Result<Vec<Need>, ClusterError> {
    let api: Api<SelfSubjectAccessReview> = Api::all(cluster.client.clone());
    let asked = NEEDS.iter().map(|need| {
        let review = review(*need, &cluster.location.namespace);
        let api = &api;
        async move {
            let params = PostParams::default();
            let answer = cluster.again(|| api.create(&params, &review)).await;
            let answer = answer.map_err(|error| cluster.target.explain(error))?;
            Ok::<_, ClusterError>(answer.status.is_some_and(|status| status.allowed))
        }
    });
    let allowed = futures::future::try_join_all(asked).await?;
    let lacking = NEEDS.iter().zip(allowed).filter(|(_, allowed)| !allowed);
    Ok(lacking.map(|(need, _)| *need).collect())
}

fn review(need: Need, namespace: &str) -> SelfSubjectAccessReview {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: text(need.group),
                resource: text(need.resource),
                subresource: text(need.subresource),
                verb: text(need.verb),
                namespace: text(namespace),
                ..ResourceAttributes::default()
            }),
            non_resource_attributes: None,
        },
        ..SelfSubjectAccessReview::default()
    }
}
