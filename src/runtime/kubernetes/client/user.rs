//! Who this user is to a cluster.

use std::time::Duration;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::Api;
use kube::api::PostParams;

use super::api::Cluster;
use crate::runtime::ClusterError;

/// The name by which the cluster knows this user.
pub(crate) async fn user(cluster: &Cluster) -> Result<String, ClusterError> {
    let api: Api<SelfSubjectReview> = Api::all(cluster.client.clone());
    let review = SelfSubjectReview::default();
    let params = PostParams::default();
    let answer = cluster.retry(|| api.create(&params, &review)).await;
    let answer = answer.map_err(|error| cluster.target.explain(error))?;
    user_of(answer)
}

/// Runs carry the name of whoever submits them, so that a made-up one would mix users.
fn user_of(review: SelfSubjectReview) -> Result<String, ClusterError> {
    let user = review.status.and_then(|status| status.user_info?.username);
    user.filter(|user| !user.is_empty()).ok_or_else(|| {
        ClusterError::Api("this user has no name (SelfSubjectReview without a username)".into())
    })
}

/// The same, if the cluster answers within this time: for what can do without.
pub(crate) async fn user_within(
    cluster: &Cluster,
    limit: Duration,
) -> Result<String, ClusterError> {
    tokio::time::timeout(limit, user(cluster)).await.map_err(|_| ClusterError::Unreachable {
        context: cluster.target.context.clone(),
        server: cluster.target.server.clone(),
        reason: "no answer in time".into(),
    })?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_without_a_name_is_an_error() {
        assert!(user_of(SelfSubjectReview::default()).is_err());
        let review = serde_json::json!({"status": {"userInfo": {"username": "alice"}}});
        assert_eq!(user_of(serde_json::from_value(review).unwrap()).unwrap(), "alice");
    }
}
