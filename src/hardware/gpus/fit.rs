//! Whether any node could ever hold a pod, even with nothing else on it, and which comes nearest.
//!
//! What passes counts for nothing: a cordon, a kubelet that is silent, pressure. What DaemonSets
//! take of an empty node is not known here, so a pod that this calls possible may still wait.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm, Toleration};

use super::node::{Node, Taint};
use crate::hardware::accelerator::CustomAccelerators;

/// Taints that come and go with a node's health, or while it is being made.
const PASSING: [&str; 3] =
    ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node.cilium.io/"];

/// Labels of nodes that something adds and removes as they are needed.
const POOLS: [&str; 5] = [
    "karpenter.sh/nodepool",
    "karpenter.sh/provisioner-name",
    "cloud.google.com/gke-nodepool",
    "eks.amazonaws.com/nodegroup",
    "kubernetes.azure.com/agentpool",
];

/// What each of some equal pods needs of its node.
#[derive(Clone, Debug, Default)]
pub struct Need {
    /// Whose pods they are, for people: `role worker`.
    pub who: String,
    /// How many there are at once.
    pub replicas: u32,
    /// The type of accelerator and its resource, as the spec has it.
    pub accelerator: Option<(String, String)>,
    /// What each asks for, in cores, bytes and devices.
    pub requests: BTreeMap<String, f64>,
    /// Labels that its node must have.
    pub selector: BTreeMap<String, String>,
    /// Its required node affinity: any of these; none: any node.
    pub terms: Vec<NodeSelectorTerm>,
    /// Its tolerations.
    pub tolerations: Vec<Toleration>,
}

/// What stands between a pod and a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Misfit {
    /// It has less of a resource than a pod asks for.
    Short {
        /// The resource.
        resource: String,
        /// What pods can have of it.
        has: f64,
        /// What a pod asks for.
        wanted: f64,
    },
    /// It has another type of accelerator.
    Type(String),
    /// It lacks a label of the selector, or has it with another value.
    Label(String, String),
    /// Its labels are not what the affinity asks for.
    Affinity,
    /// It has a taint that the pod doesn't tolerate.
    Taint(Taint),
}

/// The node that comes nearest.
#[derive(Clone, Debug, PartialEq)]
pub struct Nearest {
    /// Its name.
    pub node: String,
    /// What is wrong with it.
    pub misfits: Vec<Misfit>,
}

/// Whether pods could ever be placed.
#[derive(Clone, Debug, PartialEq)]
pub enum Fit {
    /// All at once, on empty nodes.
    All,
    /// Each has a node, but not all have one at once: there is room for so many.
    Some(u64),
    /// None, ever.
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
    POOLS.into_iter().find(|key| nodes.iter().any(|node| node.labels.contains_key(*key)))
}

/// How many of the pods an empty node holds that fits.
fn room(need: &Need, node: &Node) -> u64 {
    let of = |(resource, wanted): (&String, &f64)| {
        let has = node.allocatable.get(resource).copied().unwrap_or(0.0);
        // A quantity such as 0.1 is not exact.
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
    let lacks = need.selector.iter().filter(|(key, value)| node.label(key) != Some(value.as_str()));
    found.extend(lacks.map(|(key, value)| Misfit::Label(key.clone(), value.clone())));
    if !need.terms.is_empty() && !need.terms.iter().any(|term| matches(term, node)) {
        found.extend(unlike(need, node, custom));
    }
    let kept_away = node.taints.iter().filter(|taint| {
        matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute")
            && !PASSING.iter().any(|passing| taint.key.starts_with(passing))
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
