//! Whether any node could ever hold a pod, even with nothing else on it, and which comes nearest.
//!
//! What passes counts for nothing: a cordon, a kubelet that is silent, pressure. What DaemonSets
//! take of an empty node is not known here, so a pod that this calls possible may still wait.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm, Toleration};

use super::node::{Node, Taint};
use crate::hardware::accelerator::CustomAccelerators;

/// How the keys of taints begin that come and go with a node's health, or while it is being made.
const PASSING_TAINTS: [&str; 3] =
    ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node.cilium.io/"];

/// Labels of nodes that an autoscaler adds and removes as they are needed.
const POOL_LABELS: [&str; 5] = [
    "karpenter.sh/nodepool",
    "karpenter.sh/provisioner-name",
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
];

/// What several equal pods need, each of its node.
#[derive(Clone, Debug, Default)]
pub struct Need {
    /// Whose pods they are, for people: `role worker`.
    pub who: String,
    /// How many of the pods run at once.
    pub replicas: u32,
    /// The type of accelerator that the spec names, and its resource; `None` when it asks for none.
    pub accelerator: Option<(String, String)>,
    /// What each asks for, in cores, bytes and devices.
    pub requests: BTreeMap<String, f64>,
    /// The labels that the node must have.
    pub selector: BTreeMap<String, String>,
    /// The required node affinity: the node matches one of these terms, or any node does when there
    /// is none.
    pub terms: Vec<NodeSelectorTerm>,
    /// The taints that the pods tolerate.
    pub tolerations: Vec<Toleration>,
}

/// What stands between a pod and a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Misfit {
    /// It has less of a resource than a pod asks for.
    Short {
        /// The name of the resource.
        resource: String,
        /// How much of it pods can have on that node.
        has: f64,
        /// How much of it a pod asks for.
        wanted: f64,
    },
    /// It has accelerators of this other type.
    Type(String),
    /// It has not the label of this key and value, which the selector names.
    Label(String, String),
    /// Its labels are not what the affinity asks for.
    Affinity,
    /// It has a taint that the pod doesn't tolerate.
    Taint(Taint),
}

/// The node that comes nearest to what a pod needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// The name of the node.
    pub node: String,
    /// What stands between it and a pod.
    pub misfits: Vec<Misfit>,
}

/// Whether pods could ever be placed.
#[derive(Clone, Debug, PartialEq)]
pub enum Fit {
    /// All of them at once, when nothing else runs on the nodes.
    All,
    /// Not all of them at once: there is room for this many.
    Some(u64),
    /// None of them, ever. The nearest node is `None` when there are no nodes.
    None(Option<Nearest>),
}

/// Looks for places on these nodes, as if nothing ran on them.
pub fn fit(need: &Need, nodes: &[Node], custom: &CustomAccelerators) -> Fit {
    let looked: Vec<(&Node, Vec<Misfit>)> =
        nodes.iter().map(|node| (node, misfits(need, node, custom))).collect();
    let room = looked
        .iter()
        .filter(|(_, misfits)| misfits.is_empty())
        .map(|(node, _)| room(need, node))
        .fold(0, u64::saturating_add);
    if room >= u64::from(need.replicas) {
        return Fit::All;
    }
    if room > 0 {
        return Fit::Some(room);
    }
    let nearest = looked.into_iter().min_by(|(a, one), (b, other)| {
        distance(one).total_cmp(&distance(other)).then_with(|| a.name.cmp(&b.name))
    });
    Fit::None(nearest.map(|(node, misfits)| Nearest { node: node.name.clone(), misfits }))
}

/// The label by which these nodes belong to a pool that may grow.
pub(crate) fn pool(nodes: &[Node]) -> Option<&'static str> {
    POOL_LABELS.into_iter().find(|key| nodes.iter().any(|node| node.labels.contains_key(*key)))
}

/// How many of the pods a node holds at once when nothing else runs on it.
fn room(need: &Need, node: &Node) -> u64 {
    let of = |(resource, wanted): (&String, &f64)| {
        let has = node.allocatable.get(resource).copied().unwrap_or(0.0);
        // A quantity such as 0.1 is not exact as a number.
        (has / wanted + 1e-9).floor() as u64
    };
    need.requests.iter().filter(|(_, wanted)| **wanted > 0.0).map(of).min().unwrap_or(u64::MAX)
}

fn misfits(need: &Need, node: &Node, custom: &CustomAccelerators) -> Vec<Misfit> {
    let mut found = Vec::new();
    for (resource, wanted) in &need.requests {
        let has = node.allocatable.get(resource).copied().unwrap_or(0.0);
        if has + 1e-9 < *wanted {
            found.push(Misfit::Short { resource: resource.clone(), has, wanted: *wanted });
        }
    }
    let missing =
        need.selector.iter().filter(|(key, value)| node.label(key) != Some(value.as_str()));
    found.extend(missing.map(|(key, value)| Misfit::Label(key.clone(), value.clone())));
    if !need.terms.is_empty() && !need.terms.iter().any(|term| matches(term, node)) {
        found.extend(unlike(need, node, custom));
    }
    let kept_away = node.taints.iter().filter(|taint| {
        matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute")
            && !PASSING_TAINTS.iter().any(|passing| taint.key.starts_with(passing))
            && !need.tolerations.iter().any(|toleration| tolerates(toleration, taint))
    });
    found.extend(kept_away.cloned().map(Misfit::Taint));
    found
}

/// Why the affinity doesn't mean a node; of one without any accelerator the shortage says enough.
fn unlike(need: &Need, node: &Node, custom: &CustomAccelerators) -> Option<Misfit> {
    let Some((kind, resource)) = &need.accelerator else { return Some(Misfit::Affinity) };
    if node.allocatable.get(resource).copied().unwrap_or(0.0) < 1.0 {
        return None;
    }
    let has = node.kind(resource, custom);
    Some(if has == *kind { Misfit::Affinity } else { Misfit::Type(has) })
}

/// A shortage counts by its size, and a node that has nothing of it is further away than one of
/// another kind; a taint counts half of that, since it can be tolerated.
fn distance(misfits: &[Misfit]) -> f64 {
    let of = |misfit: &Misfit| match misfit {
        Misfit::Short { has, .. } if *has <= 0.0 => 2.0,
        Misfit::Short { has, wanted, .. } => (wanted - has) / wanted,
        Misfit::Type(_) | Misfit::Label(..) | Misfit::Affinity => 1.0,
        Misfit::Taint(_) => 0.5,
    };
    misfits.iter().map(of).sum()
}

/// A term without any condition means no node.
fn matches(term: &NodeSelectorTerm, node: &Node) -> bool {
    let labels = term.match_expressions.iter().flatten();
    let fields = term.match_fields.iter().flatten();
    let mut count = 0;
    let all = labels
        .map(|one| (one, node.label(&one.key)))
        .chain(fields.map(|one| (one, (one.key == "metadata.name").then_some(node.name.as_str()))))
        .inspect(|_| count += 1)
        .all(|(requirement, value)| holds(requirement, value));
    all && count > 0
}

fn holds(requirement: &NodeSelectorRequirement, value: Option<&str>) -> bool {
    let values = requirement.values.as_deref().unwrap_or_default();
    let is_in = value.is_some_and(|value| values.iter().any(|one| one == value));
    let compared = || {
        let wanted: i64 = values.first()?.parse().ok()?;
        Some(value?.parse::<i64>().ok()?.cmp(&wanted))
    };
    match requirement.operator.as_str() {
        "In" => is_in,
        "NotIn" => !is_in,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compared().is_some_and(std::cmp::Ordering::is_gt),
        "Lt" => compared().is_some_and(std::cmp::Ordering::is_lt),
        // What a newer Kubernetes may know is not held against a node.
        _ => true,
    }
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let key = toleration.key.as_deref().unwrap_or_default();
    let effect = toleration.effect.as_deref().unwrap_or_default();
    let exists = toleration.operator.as_deref() == Some("Exists");
    (key == taint.key || (key.is_empty() && exists))
        && (effect.is_empty() || effect == taint.effect)
        && (exists || toleration.value.as_deref().unwrap_or_default() == taint.value)
}
