//! What is asked of the cluster as a whole: its nodes, and Kueue.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::ListParams;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};

use crate::doctor::{KueueFacts, NodeFacts, labelled};
use crate::hardware::gpus;
use crate::hardware::gpus::NodeState;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::examine::nodes::node;

const ARCH: &str = "kubernetes.io/arch";
const KUEUE: &str = "kueue.x-k8s.io";

/// All nodes of the cluster. Only users who may look at the whole cluster may list them.
pub(crate) async fn nodes(cluster: &Cluster) -> Result<Vec<NodeFacts>, ClusterError> {
    let all = cluster.list_everywhere::<Node>("").await?;
    Ok(all.iter().map(node).map(facts).collect())
}

/// What the checks need of a node.
fn facts(node: gpus::Node) -> NodeFacts {
    NodeFacts {
        takes_pods: node.state == NodeState::Ready,
        architecture: node.label(ARCH).unwrap_or_default().to_owned(),
        labelled: labelled(&node.labels),
        capacity: extended(node.capacity),
        allocatable: extended(node.allocatable),
        name: node.name,
    }
}

/// The amounts whose names have a domain, which are those that device plugins bring.
fn extended(amounts: BTreeMap<String, f64>) -> BTreeMap<String, u64> {
    let all = amounts.into_iter().filter(|(name, _)| name.contains('/'));
    all.map(|(name, amount)| (name, amount as u64)).collect()
}

/// Whether Kueue is there, and which queues the namespace has.
pub(crate) async fn kueue(cluster: &Cluster) -> Result<KueueFacts, ClusterError> {
    let explain = |error| cluster.target.explain(error);
    let groups = cluster.retry(|| cluster.client.list_api_groups()).await.map_err(explain)?;
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
    match cluster.retry(|| api.list(&params)).await.map_err(explain) {
        Ok(all) => {
            let names = all.items.into_iter().filter_map(|queue| queue.metadata.name);
            Ok(KueueFacts { is_installed: true, queues: Some(names.collect()) })
        }
        Err(ClusterError::Forbidden { .. }) => Ok(KueueFacts { is_installed: true, queues: None }),
        Err(error) => Err(error),
    }
}
