//! What is said of pods that no node could hold.

use super::fit::{Fit, Misfit, Need, pool};
use super::node::Node;

impl Fit {
    /// One sentence for whoever submits; `None` when there is nothing to say.
    pub fn say(&self, need: &Need, nodes: &[Node]) -> Option<String> {
        let who = &need.who;
        let asked = asked(need);
        let until = match pool(nodes) {
            Some(label) => format!("it waits until a pool of nodes grows (they have {label})"),
            None => "it waits until there is more".into(),
        };
        Some(match self {
            Self::All => return None,
            Self::Some(room) => format!(
                "{who}: {} replicas of {asked} run at once, and the nodes have room for {room} when \
                 nothing else runs; {until}",
                need.replicas
            ),
            Self::None(None) => {
                format!("{who}: the cluster has no node that could hold {asked}; {until}")
            }
            Self::None(Some(nearest)) => {
                let misfits: Vec<String> =
                    nearest.misfits.iter().map(|misfit| misfit.say(need)).collect();
                format!(
                    "{who}: no node could hold {asked}, even with nothing else on it; nearest: \
                     {}, {}; {until}",
                    nearest.node,
                    misfits.join(", ")
                )
            }
        })
    }
}

impl Misfit {
    fn say(&self, need: &Need) -> String {
        match self {
            Self::Short { resource, has, wanted } => {
                let name = called(need, resource);
                if *has > 0.0 {
                    let (has, wanted) = (amount(resource, *has), amount(resource, *wanted));
                    format!("{has} of the {wanted} {name} wanted")
                } else {
                    format!("no {name}")
                }
            }
            Self::Type(kind) => format!("its accelerators are {kind}"),
            Self::Label(key, value) => format!("no label {key}={value}"),
            Self::Affinity => "not what `affinity` asks for".into(),
            Self::Taint(taint) => {
                let value = if taint.value.is_empty() {
                    String::new()
                } else {
                    format!("={}", taint.value)
                };
                format!("taint {}{value}:{} not tolerated", taint.key, taint.effect)
            }
        }
    }
}

/// What one pod asks for, such as `4 nvidia-l4, 2 cores, 16 GiB of memory`.
fn asked(need: &Need) -> String {
    let mut resources: Vec<&String> = need.requests.keys().collect();
    // Accelerators first: they are what is scarce.
    resources.sort_by_key(|resource| !resource.contains('/'));
    let parts: Vec<String> = resources
        .into_iter()
        .map(|resource| {
            let wanted = amount(resource, need.requests[resource]);
            let name = called(need, resource);
            let name = if wanted == "1" && name == "cores" { "core" } else { &name };
            format!("{wanted} {name}")
        })
        .collect();
    if parts.is_empty() { "a replica".into() } else { parts.join(", ") }
}

/// The unit that follows an amount of a resource.
fn called(need: &Need, resource: &str) -> String {
    match (resource, &need.accelerator) {
        ("cpu", _) => "cores".into(),
        ("memory", _) => "of memory".into(),
        (_, Some((kind, own))) if own == resource => kind.clone(),
        _ => resource.into(),
    }
}

fn amount(resource: &str, value: f64) -> String {
    if matches!(resource, "memory" | "ephemeral-storage") || resource.starts_with("hugepages-") {
        let gib = value / f64::from(1 << 30);
        if gib >= 1.0 {
            format!("{} GiB", short(gib))
        } else {
            format!("{} MiB", short(gib * 1024.0))
        }
    } else {
        short(value)
    }
}

/// At most one digit behind the point, or two where it is below 1. It is rounded down, so that what
/// is short looks short.
fn short(value: f64) -> String {
    let scale = if value < 1.0 { 100.0 } else { 10.0 };
    ((value * scale + 1e-6).floor() / scale).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use insta::assert_snapshot;
    use k8s_openapi::api::core::v1::{NodeSelectorRequirement, NodeSelectorTerm, Toleration};

    use super::*;
    use crate::hardware::accelerator::{CustomAccelerators, NVIDIA};
    use crate::hardware::gpus::fit;
    use crate::hardware::gpus::node::Taint;

    const GIB: f64 = 1_073_741_824.0;

    fn node(name: &str, product: &str, cores: f64, gpus: f64) -> Node {
        let mut node = Node { name: name.into(), ..Node::default() };
        node.labels.insert("kubernetes.io/os".into(), "linux".into());
        if !product.is_empty() {
            node.labels.insert("nvidia.com/gpu.product".into(), product.into());
        }
        node.allocatable = [("cpu", cores), ("memory", 64.0 * GIB), (NVIDIA, gpus)]
            .map(|(name, value)| (name.to_owned(), value))
            .into();
        node
    }

    /// Of four L4 for each replica, as `objects/placement.rs` writes it.
    fn need(replicas: u32, gpus: f64) -> Need {
        let requirement = NodeSelectorRequirement {
            key: "nvidia.com/gpu.product".into(),
            operator: "In".into(),
            values: Some(vec!["NVIDIA-L4".into()]),
        };
        let term = NodeSelectorTerm {
            match_expressions: Some(vec![requirement]),
            ..NodeSelectorTerm::default()
        };
        Need {
            who: "role worker".into(),
            replicas,
            accelerator: Some(("nvidia-l4".into(), NVIDIA.into())),
            requests: BTreeMap::from([
                ("cpu".into(), 4.0),
                ("memory".into(), 16.0 * GIB),
                (NVIDIA.into(), gpus),
            ]),
            selector: [("kubernetes.io/os".to_owned(), "linux".to_owned())].into(),
            terms: vec![term],
            tolerations: vec![Toleration {
                key: Some(NVIDIA.into()),
                operator: Some("Exists".into()),
                ..Toleration::default()
            }],
        }
    }

    fn said(need: &Need, nodes: &[Node]) -> String {
        fit(need, nodes, &CustomAccelerators::new()).say(need, nodes).unwrap_or_default()
    }

    #[test]
    fn what_fits_is_not_spoken_of() {
        let mut nodes = vec![node("cpu", "", 8.0, 0.0), node("l4", "NVIDIA-L4", 16.0, 8.0)];
        assert_eq!(said(&need(2, 4.0), &nodes), "");
        // What passes counts for nothing, and what is tolerated neither.
        nodes[1].state = crate::hardware::gpus::node::NodeState::Cordoned;
        for key in ["node.kubernetes.io/unschedulable", "node.kubernetes.io/not-ready", NVIDIA] {
            let (key, effect) = (key.into(), "NoSchedule".into());
            nodes[1].taints.push(Taint { key, effect, ..Taint::default() });
        }
        assert_eq!(said(&need(2, 4.0), &nodes), "");
    }

    #[test]
    fn the_nearest_is_the_one_of_the_right_type() {
        let mut nodes = vec![
            node("a100", "NVIDIA-A100-SXM4-80GB", 64.0, 8.0),
            node("cpu", "", 8.0, 0.0),
            node("l4", "NVIDIA-L4", 16.0, 4.0),
        ];
        assert_snapshot!(said(&need(1, 8.0), &nodes), @"role worker: no node could hold 8 nvidia-l4, 4 cores, 16 GiB of memory, even with nothing else on it; nearest: l4, 4 of the 8 nvidia-l4 wanted; it waits until there is more");
        nodes.pop();
        nodes[1].labels.insert("cloud.google.com/gke-nodepool".into(), "small".into());
        assert_snapshot!(said(&need(1, 8.0), &nodes), @"role worker: no node could hold 8 nvidia-l4, 4 cores, 16 GiB of memory, even with nothing else on it; nearest: a100, its accelerators are nvidia-a100-80gb; it waits until a pool of nodes grows (they have cloud.google.com/gke-nodepool)");
        nodes.remove(0);
        assert_snapshot!(said(&need(1, 1.0), &nodes), @"role worker: no node could hold 1 nvidia-l4, 4 cores, 16 GiB of memory, even with nothing else on it; nearest: cpu, no nvidia-l4; it waits until a pool of nodes grows (they have cloud.google.com/gke-nodepool)");
        assert_snapshot!(said(&need(1, 1.0), &[]), @"role worker: the cluster has no node that could hold 1 nvidia-l4, 4 cores, 16 GiB of memory; it waits until there is more");
    }

    #[test]
    fn other_reasons_are_named() {
        let mut nodes = [node("l4", "NVIDIA-L4", 3.92, 8.0)];
        nodes[0].taints.push(Taint {
            key: "team".into(),
            value: "vision".into(),
            effect: "NoSchedule".into(),
        });
        let mut need = need(1, 1.0);
        need.selector.insert("disk".into(), "ssd".into());
        assert_snapshot!(said(&need, &nodes), @"role worker: no node could hold 1 nvidia-l4, 4 cores, 16 GiB of memory, even with nothing else on it; nearest: l4, 3.9 of the 4 cores wanted, no label disk=ssd, taint team=vision:NoSchedule not tolerated; it waits until there is more");
    }

    #[test]
    fn a_gang_that_fits_only_in_parts_is_told() {
        let nodes = [node("a", "NVIDIA-L4", 16.0, 8.0), node("b", "NVIDIA-L4", 6.0, 8.0)];
        assert_eq!(said(&need(5, 2.0), &nodes), "");
        assert_snapshot!(said(&need(6, 2.0), &nodes), @"role worker: 6 replicas of 2 nvidia-l4, 4 cores, 16 GiB of memory run at once, and the nodes have room for 5 when nothing else runs; it waits until there is more");
    }
}
