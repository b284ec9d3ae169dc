//! Which nodes pods may use: the user's labels, taints and affinity, the runner image's
//! architectures, and what the accelerators ask for.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, NodeAffinity, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, Toleration,
};
use serde_json::Value as Json;

use super::context::ManifestContext;
use super::error::Reason;
use crate::hardware::accelerator::{NodeLabel, Placement, placement};
use crate::plan::{PodOptions, RolePlan};
use crate::spec;
use crate::spec::syntax::freeform;

const OS: &str = "kubernetes.io/os";
const ARCH: &str = "kubernetes.io/arch";

/// Which nodes pods may use, as a pod's spec says it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    pub(crate) selector: BTreeMap<String, String>,
    pub(crate) affinity: Option<Affinity>,
    pub(crate) tolerations: Vec<Toleration>,
    /// The resource of the accelerators and how many each pod asks for; `None` for a role without.
    pub(crate) accelerators: Option<(String, u32)>,
}

/// The nodes that a role's pods may use. Reasons against what the spec says go to `refused`.
pub(crate) fn nodes(
    options: &PodOptions,
    context: &ManifestContext,
    role: &RolePlan,
    refused: &mut Vec<Reason>,
) -> Nodes {
    let wanted = role.accelerators.as_ref().and_then(|wanted| {
        let placed = placement(&wanted.kind, &context.accelerators);
        let placed = placed.map_err(|why| {
            let reason = Reason::new(why.to_string()).of("accelerators.type");
            refused.push(reason.in_role(&role.name));
        });
        placed.ok().map(|placed| (placed, wanted.count))
    });
    let mut affinity = user_affinity(options, refused);
    if let [_, _, ..] = &context.architectures[..]
        && !role.node_selector.contains_key(ARCH)
    {
        let label = NodeLabel { key: ARCH.into(), values: context.architectures.clone() };
        require(&mut affinity, &[vec![label]]);
    }
    let mut tolerations = user_tolerations(role);
    if let Some((placed, _)) = &wanted {
        require(&mut affinity, &placed.nodes);
        tolerations.extend(own_taint(placed, &tolerations));
    }
    Nodes {
        selector: selector(context, role),
        affinity: (affinity != Affinity::default()).then_some(affinity),
        tolerations,
        accelerators: wanted.map(|(placed, count)| (placed.resource, count)),
    }
}

/// The nodes that any pod may use which runs nothing but the runner image.
pub(crate) fn anywhere(context: &ManifestContext) -> Nodes {
    let mut selector = BTreeMap::from([(OS.to_owned(), "linux".to_owned())]);
    let mut affinity = Affinity::default();
    match &context.architectures[..] {
        [] => {}
        [only] => drop(selector.insert(ARCH.into(), only.clone())),
        several => {
            let label = NodeLabel { key: ARCH.into(), values: several.to_vec() };
            require(&mut affinity, &[vec![label]]);
        }
    }
    let affinity = (affinity != Affinity::default()).then_some(affinity);
    Nodes { selector, affinity, ..Nodes::default() }
}

/// The labels that nodes must have: those of the spec over the operating system and architecture.
fn selector(context: &ManifestContext, role: &RolePlan) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> = [(OS.to_owned(), "linux".to_owned())].into();
    if let [only] = &context.architectures[..] {
        labels.insert(ARCH.into(), only.clone());
    }
    labels.extend(role.node_selector.clone());
    labels
}

/// The affinity of the spec.
fn user_affinity(options: &PodOptions, refused: &mut Vec<Reason>) -> Affinity {
    let value: Json =
        options.affinity.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    freeform::typed(&value).unwrap_or_else(|misfit| {
        refused.push(Reason::new(format!("affinity: {misfit}")).of("affinity"));
        Affinity::default()
    })
}

/// Requires that a node has all labels of one of the lists in `nodes`, beside what is required
/// already. Terms are alternatives, so each of those that are there is combined with each of the
/// lists.
fn require(affinity: &mut Affinity, nodes: &[Vec<NodeLabel>]) {
    if nodes.is_empty() {
        return;
    }
    let required = affinity
        .node_affinity
        .get_or_insert_with(NodeAffinity::default)
        .required_during_scheduling_ignored_during_execution
        .get_or_insert_with(NodeSelector::default);
    if required.node_selector_terms.is_empty() {
        required.node_selector_terms.push(NodeSelectorTerm::default());
    }
    required.node_selector_terms = required
        .node_selector_terms
        .iter()
        .flat_map(|term| {
            nodes.iter().map(|labels| {
                let mut term = term.clone();
                let all = term.match_expressions.get_or_insert_with(Vec::new);
                all.extend(labels.iter().map(requirement));
                term
            })
        })
        .collect();
}

/// A condition on a label; one without values says that the label must not be there.
fn requirement(label: &NodeLabel) -> NodeSelectorRequirement {
    let absent = label.values.is_empty();
    NodeSelectorRequirement {
        key: label.key.clone(),
        operator: if absent { "DoesNotExist" } else { "In" }.into(),
        values: (!absent).then(|| label.values.clone()),
    }
}

/// A toleration for the taint that nodes with accelerators commonly have, so that only pods come
/// which ask for their resource. `None` when the spec tolerates it already.
fn own_taint(placed: &Placement, known: &[Toleration]) -> Option<Toleration> {
    let toleration = Toleration {
        key: Some(placed.resource.clone()),
        operator: Some("Exists".into()),
        effect: Some("NoSchedule".into()),
        ..Toleration::default()
    };
    let tolerated = known.iter().any(|other| other.key == toleration.key || other.key.is_none());
    (!tolerated).then_some(toleration)
}

/// The tolerations of the spec.
fn user_tolerations(role: &RolePlan) -> Vec<Toleration> {
    let toleration = |toleration: &spec::Toleration| {
        let spec::Toleration { key, operator, value, effect, toleration_seconds } = toleration;
        Toleration {
            key: key.clone(),
            operator: operator.map(|operator| operator.as_str().into()),
            value: value.clone(),
            effect: effect.map(|effect| effect.as_str().into()),
            toleration_seconds: *toleration_seconds,
        }
    };
    role.tolerations.iter().map(toleration).collect()
}
