//! What is asked of the cluster as a whole: its nodes, and Kueue.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::Api;
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};

use super::super::api::Cluster;
use super::super::error::ClusterError;
use crate::doctor::{KueueFacts, NodeFacts, labelled};

const ARCH: &str = "kubernetes.io/arch";
const KUEUE: &str = "kueue.x-k8s.io";

/// All nodes; only who may see the whole cluster may list them.
pub(super) async fn nodes(cluster: &Cluster) -> Result<Vec<NodeFacts>, ClusterError> {
    let api: Api<Node> = Api::all(cluster.client.clone());
    let params = ListParams::default();
    let all = cluster.again(|| api.list(&params)).await;
    let all = all.map_err(|error| cluster.target.explain(error))?;
    Ok(all.items.into_iter().map(facts).collect())
}

fn facts(node: Node) -> NodeFacts {
    let labels = node.metadata.labels.unwrap_or_default();
    let status = node.status.unwrap_or_default();
    let ready = status
        .conditions
        .iter()
        .flatten()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let closed = node.spec.and_then(|spec| spec.unschedulable).unwrap_or(false);
    NodeFacts {
        name: node.metadata.name.unwrap_or_default(),
        takes_pods: ready && !closed,
        architecture: labels.get(ARCH).cloned().unwrap_or_default(),
        labelled: labelled(&labels),
        capacity: extended(status.capacity),
        allocatable: extended(status.allocatable),
    }
}

/// Names with a domain: what device plugins bring.
fn extended(amounts: Option<BTreeMap<String, Quantity>>) -> BTreeMap<String, u64> {
    let all = amounts.unwrap_or_default().into_iter();
    all.filter(|(name, _)| name.contains('/'))
        .map(|(name, Quantity(amount))| (name, amount.parse().unwrap_or(0)))
        .collect()
}

/// Is Kueue there, and which queues has the namespace?
pub(super) async fn kueue(cluster: &Cluster) -> Result<KueueFacts, ClusterError> {
    let explain = |error| cluster.target.explain(error);
    let groups = cluster.again(|| cluster.client.list_api_groups()).await.map_err(explain)?;
    let version =
        groups.groups.into_iter().find(|group| group.name == KUEUE).and_then(|group| {
            group.preferred_version.or_else(|| group.versions.into_iter().next())
        });
    let Some(version) = version else { return Ok(KueueFacts::default()) };
    let kind = GroupVersionKind::gvk(KUEUE, &version.version, "LocalQueue");
    let resource = ApiResource::from_gvk_with_plural(&kind, "localqueues");
    let namespace = &cluster.location.namespace;
    let api: Api<DynamicObject> =
        Api::namespaced_with(cluster.client.clone(), namespace, &resource);
    let params = ListParams::default();
    match cluster.again(|| api.list(&params)).await.map_err(explain) {
        Ok(all) => {
            let names = all.items.into_iter().filter_map(|queue| queue.metadata.name);
            Ok(KueueFacts { is_installed: true, queues: Some(names.collect()) })
        }
        Err(ClusterError::Forbidden { .. }) => Ok(KueueFacts { is_installed: true, queues: None }),
        Err(error) => Err(error),
    }
}
