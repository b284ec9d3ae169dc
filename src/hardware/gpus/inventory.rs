//! Who has which accelerators of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::node::{Node, NodeState};
use crate::hardware::accelerator::{ACCELERATORS, CustomAccelerators};

/// A pod that asks for accelerators and has not ended.
#[derive(Clone, Debug, Default)]
pub struct Holder {
    /// The namespace of the pod.
    pub namespace: String,
    /// The name of the pod.
    pub pod: String,
    /// The run that it belongs to; `None` for what mlctl didn't make.
    pub run: Option<String>,
    /// Who submitted that run, in full; `None` for what mlctl didn't make.
    pub user: Option<String>,
    /// Its node; `None` while it waits for one.
    pub node: Option<String>,
    /// Since when it has its node, or waits.
    pub since: Option<Timestamp>,
    /// How many devices it asks for, by resource.
    pub requests: BTreeMap<String, u64>,
}

/// A run, or a pod of others, that has or wants accelerators of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The run; `null` for what mlctl didn't make.
    pub run: Option<String>,
    /// The namespace of the pods.
    pub namespace: String,
    /// The names of its pods.
    pub pods: Vec<String>,
    /// Who submitted the run, in full.
    pub user: Option<String>,
    /// The name of the resource.
    pub resource: String,
    /// How many devices it has or wants.
    pub count: u64,
    /// Since when: the time of the pod that has been there longest.
    pub since: Option<Timestamp>,
}

/// How several pods share one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sharing {
    /// `time-slicing` or `mps`.
    pub strategy: String,
    /// How many pods share one device.
    pub replicas: u64,
}

/// The accelerators of one resource on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// The name of their type in specs.
    #[serde(rename = "type")]
    pub kind: String,
    /// The name of the resource that a pod asks for.
    pub resource: String,
    /// Bytes of memory of the GPU, or of the slice, where the node's labels say it.
    pub memory: Option<u64>,
    /// How many of them pods can have; `null` where nodes may not be looked at.
    pub allocatable: Option<u64>,
    /// How many are there and given to nobody: the device plugin calls them unhealthy.
    pub unhealthy: u64,
    /// How many are in use, as far as pods can be seen.
    pub in_use: u64,
    /// How many are free; `null` where not all is seen.
    pub free: Option<u64>,
    /// How pods share them; `null` where each pod has its own.
    pub sharing: Option<Sharing>,
    /// Who has them, longest first.
    pub users: Vec<User>,
}

/// A node with accelerators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeGpus {
    /// The name of the node.
    pub node: String,
    /// Whether pods can be placed on it.
    pub state: NodeState,
    /// Its accelerators, by resource.
    pub resources: Vec<Resource>,
}

/// The accelerators of one type in the whole cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Total {
    /// The name of their type in specs.
    #[serde(rename = "type")]
    pub kind: String,
    /// How many pods can have on nodes that may be looked at.
    pub allocatable: u64,
    /// How many are in use.
    pub in_use: u64,
    /// How many new pods could get now, on nodes that take pods; `null` where not all is seen.
    pub free: Option<u64>,
}

/// The accelerators of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterGpus {
    /// Every node and every pod was seen.
    pub complete: bool,
    /// Nodes with accelerators, by name.
    pub nodes: Vec<NodeGpus>,
    /// Who waits for accelerators, longest first.
    pub waiting: Vec<User>,
    /// The sums for each type.
    pub totals: Vec<Total>,
}

/// Puts nodes and the pods on them together. `nodes` is `None` where they may not be looked at;
/// `all_pods` says that no namespace was left out.
pub fn inventory(
    nodes: Option<&[Node]>,
    pods: &[Holder],
    all_pods: bool,
    custom: &CustomAccelerators,
) -> ClusterGpus {
    let is_device = |resource: &str| is_accelerator(resource, custom);
    let placed: Vec<&Holder> = pods.iter().filter(|pod| pod.node.is_some()).collect();
    let stand_ins: Vec<Node>;
    let known = if let Some(nodes) = nodes {
        nodes
    } else {
        let names: BTreeSet<&String> = placed.iter().filter_map(|pod| pod.node.as_ref()).collect();
        stand_ins = names
            .into_iter()
            .map(|name| Node { name: name.clone(), state: NodeState::Unknown, ..Node::default() })
            .collect();
        &stand_ins
    };
    let mut views = Vec::new();
    for node in known {
        let here: Vec<&Holder> =
            placed.iter().filter(|pod| pod.node.as_ref() == Some(&node.name)).copied().collect();
        let mut names: BTreeSet<&String> = node.capacity.iter().filter_map(is_there).collect();
        names.extend(node.allocatable.iter().filter_map(is_there));
        names.extend(here.iter().flat_map(|pod| pod.requests.keys()));
        let resources: Vec<Resource> = names
            .into_iter()
            .filter(|name| is_device(name))
            .map(|name| resource(node, name, &here, all_pods, custom))
            .collect();
        if !resources.is_empty() {
            views.push(NodeGpus { node: node.name.clone(), state: node.state, resources });
        }
    }
    views.sort_by(|a, b| a.node.cmp(&b.node));
    let waits: Vec<&Holder> = pods.iter().filter(|pod| pod.node.is_none()).collect();
    let wanted: BTreeSet<&String> = waits.iter().flat_map(|pod| pod.requests.keys()).collect();
    let mut waiting: Vec<User> = wanted
        .into_iter()
        .filter(|name| is_device(name))
        .flat_map(|name| users(&waits, name))
        .collect();
    waiting.sort_by_key(|user| user.since);
    ClusterGpus {
        complete: nodes.is_some() && all_pods,
        totals: totals(&views),
        nodes: views,
        waiting,
    }
}

/// Whether a resource stands for accelerators: of the table, of the settings, a share or a slice.
pub(crate) fn is_accelerator(resource: &str, custom: &CustomAccelerators) -> bool {
    let whole = resource.strip_suffix(".shared").unwrap_or(resource);
    resource.starts_with("nvidia.com/mig-")
        || ACCELERATORS.iter().any(|known| known.resource == whole)
        || custom.values().any(|own| own.resource == resource)
}

/// The name of a resource of which there is at least one.
fn is_there<'a>((name, count): (&'a String, &f64)) -> Option<&'a String> {
    (*count > 0.0).then_some(name)
}

/// One resource of a node, and the pods that use it.
fn resource(
    node: &Node,
    name: &str,
    here: &[&Holder],
    all_pods: bool,
    custom: &CustomAccelerators,
) -> Resource {
    let users = users(here, name);
    let in_use = users.iter().fold(0, |sum: u64, user| sum.saturating_add(user.count));
    let count = |of: &BTreeMap<String, f64>| of.get(name).map_or(0, |count| *count as u64);
    let known = node.state != NodeState::Unknown;
    let allocatable = known.then(|| count(&node.allocatable));
    // NVIDIA's labeller: `nvidia.com/gpu.memory`, `nvidia.com/mig-1g.5gb.memory`, in MiB.
    let whole = name.strip_suffix(".shared").unwrap_or(name);
    let mebibytes =
        node.label(&format!("{whole}.memory")).and_then(|text| text.parse::<u64>().ok());
    Resource {
        kind: node.kind(name, custom),
        resource: name.to_owned(),
        memory: mebibytes.map(|mebibytes| mebibytes << 20),
        allocatable,
        unhealthy: count(&node.capacity).saturating_sub(count(&node.allocatable)),
        in_use,
        free: allocatable.filter(|_| all_pods).map(|all| all.saturating_sub(in_use)),
        sharing: sharing(node, whole),
        users,
    }
}

/// How pods share a resource of this node, by the labels of NVIDIA's labeller or of GKE; `None`
/// when they say nothing of it.
fn sharing(node: &Node, whole: &str) -> Option<Sharing> {
    let of = |replicas: &str, strategy: &str| {
        let replicas = node.label(replicas)?.parse().ok().filter(|count| *count > 1)?;
        let strategy = match node.label(strategy) {
            Some("mps") => "mps",
            _ => "time-slicing",
        };
        Some(Sharing { strategy: strategy.into(), replicas })
    };
    of(&format!("{whole}.replicas"), &format!("{whole}.sharing-strategy")).or_else(|| {
        of(
            "cloud.google.com/gke-max-shared-clients-per-gpu",
            "cloud.google.com/gke-gpu-sharing-strategy",
        )
    })
}

/// Who asks for a resource. The pods of a run count as one user.
fn users(pods: &[&Holder], resource: &str) -> Vec<User> {
    let mut all: BTreeMap<(&str, &str), User> = BTreeMap::new();
    for pod in pods {
        let count = pod.requests.get(resource).copied().unwrap_or(0);
        if count == 0 {
            continue;
        }
        let id = pod.run.as_deref().unwrap_or(&pod.pod);
        let user = all.entry((&pod.namespace, id)).or_insert_with(|| User {
            run: pod.run.clone(),
            namespace: pod.namespace.clone(),
            pods: Vec::new(),
            user: pod.user.clone(),
            resource: resource.to_owned(),
            count: 0,
            since: pod.since,
        });
        user.pods.push(pod.pod.clone());
        // Anybody writes what their pods ask for.
        user.count = user.count.saturating_add(count);
        user.since = match (user.since, pod.since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    let mut all: Vec<User> = all.into_values().collect();
    all.sort_by_key(|user| user.since);
    all
}

/// The sums over all nodes, by type.
fn totals(nodes: &[NodeGpus]) -> Vec<Total> {
    let mut all: BTreeMap<&str, Total> = BTreeMap::new();
    for node in nodes {
        for resource in &node.resources {
            let total = all.entry(&resource.kind).or_insert_with(|| Total {
                kind: resource.kind.clone(),
                free: Some(0),
                ..Total::default()
            });
            total.allocatable = total.allocatable.saturating_add(resource.allocatable.unwrap_or(0));
            total.in_use = total.in_use.saturating_add(resource.in_use);
            let usable = if node.state == NodeState::Ready { resource.free } else { Some(0) };
            let hidden = resource.free.is_none();
            total.free =
                total.free.filter(|_| !hidden).zip(usable).map(|(a, b)| a.saturating_add(b));
        }
    }
    all.into_values().collect()
}
