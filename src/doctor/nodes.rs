//! Nodes: whether pods can be placed on any, and which accelerators the cluster doesn't hand out.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Place};
use crate::hardware::accelerator::{ACCELERATORS, AMD, NVIDIA};

/// What the checks need of a node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeFacts {
    /// The name of the node.
    pub name: String,
    /// It is ready and takes pods.
    pub takes_pods: bool,
    /// Its architecture, such as `amd64`; empty when it doesn't say.
    pub architecture: String,
    /// The resource that it should have, because a label says that it has cards of that maker;
    /// `None` when no label says so.
    pub labelled: Option<&'static str>,
    /// How much there is of each extended resource that its kubelet has ever known.
    pub capacity: BTreeMap<String, u64>,
    /// How much of each it hands out now.
    pub allocatable: BTreeMap<String, u64>,
}

/// Labels by which clouds and labellers mark nodes with accelerators, whether or not a device
/// plugin runs: the key, the value or empty for any, and the resource that should be there.
const MARKS: [(&str, &str, &str); 6] = [
    ("nvidia.com/gpu.present", "true", NVIDIA),
    ("feature.node.kubernetes.io/pci-10de.present", "true", NVIDIA),
    ("feature.node.kubernetes.io/pci-0302_10de.present", "true", NVIDIA),
    ("cloud.google.com/gke-accelerator", "", NVIDIA),
    ("karpenter.k8s.aws/instance-gpu-manufacturer", "nvidia", NVIDIA),
    ("feature.node.kubernetes.io/pci-1002.present", "true", AMD),
];

/// The resource that a node with these labels should have; `None` when they name no accelerator.
pub fn labelled(labels: &BTreeMap<String, String>) -> Option<&'static str> {
    MARKS.iter().find_map(|(key, value, resource)| {
        let found = labels.get(*key)?;
        (value.is_empty() || found == value).then_some(*resource)
    })
}

/// Judges whether there is a node for pods with the runner image, and whether accelerators can be
/// had. `architectures` are those of the runner image; empty for any.
pub fn nodes(nodes: &[NodeFacts], architectures: &[String]) -> Vec<Finding> {
    let mut findings = vec![placement(nodes, architectures)];
    findings.extend(devices(nodes));
    findings
}

fn placement(nodes: &[NodeFacts], architectures: &[String]) -> Finding {
    const CHECK: &str = "nodes";
    let ready: Vec<&NodeFacts> = nodes.iter().filter(|node| node.takes_pods).collect();
    if ready.is_empty() {
        let what = format!("none of {} is ready and takes pods", nodes.len());
        return Finding::fail(Place::Cluster, CHECK, what)
            .why("pods wait until one does")
            .mend("kubectl get nodes");
    }
    let known: BTreeSet<&str> = ready.iter().map(|node| node.architecture.as_str()).collect();
    let fits = |node: &&NodeFacts| architectures.contains(&node.architecture);
    if !architectures.is_empty() && !ready.iter().any(fits) {
        let there: Vec<&str> = known.into_iter().collect();
        let what = format!(
            "they are {}, and the runner image is for {}",
            there.join(", "),
            architectures.join(", ")
        );
        return Finding::fail(Place::Cluster, CHECK, what)
            .why("pods are placed only where their runner image runs")
            .mend("mlctl cluster image --help   # one image over several architectures");
    }
    let known: Vec<&str> = known.into_iter().collect();
    let what = format!("{} of {} take pods ({})", ready.len(), nodes.len(), known.join(", "));
    Finding::ok(Place::Cluster, CHECK, what)
}

fn devices(nodes: &[NodeFacts]) -> Vec<Finding> {
    const CHECK: &str = "accelerators";
    let known: BTreeSet<&str> = ACCELERATORS.iter().map(|one| one.resource).collect();
    let mut there: BTreeMap<&str, u64> = BTreeMap::new();
    let mut dead: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in nodes {
        let amount_of =
            |all: &BTreeMap<String, u64>, name: &str| all.get(name).copied().unwrap_or(0);
        for resource in known.iter().copied() {
            let handed_out = amount_of(&node.allocatable, resource);
            if handed_out > 0 {
                *there.entry(resource).or_default() += handed_out;
            } else if node.capacity.contains_key(resource) {
                // The kubelet remembers the resource of a plugin that is gone, with an amount of 0.
                dead.entry(resource).or_default().push(&node.name);
            }
        }
        // Slices by MIG have resources of their own, so that the maker's domain decides.
        let has = |maker: &str| {
            let maker = maker.split('/').next().unwrap_or(maker);
            node.capacity.keys().any(|name| name.split('/').next() == Some(maker))
        };
        if let Some(resource) = node.labelled.filter(|resource| !has(resource)) {
            missing.entry(resource).or_default().push(&node.name);
        }
    }
    let mut findings = Vec::new();
    for (resource, names) in missing {
        let what = format!("{} should have {resource} and no device plugin runs", few(&names));
        findings.push(
            Finding::warn(Place::Cluster, CHECK, what)
                .why("without the plugin the scheduler knows of no card: pods that ask wait for ever")
                .mend(plugin(resource)),
        );
    }
    for (resource, names) in dead {
        let what = format!("{} had {resource} and hands none out", few(&names));
        findings.push(
            Finding::warn(Place::Cluster, CHECK, what)
                .why("the device plugin has gone, or it finds the cards unhealthy (driver, XID)")
                .mend("kubectl get pods --all-namespaces | grep device-plugin"),
        );
    }
    if findings.is_empty() {
        findings.push(if there.is_empty() {
            Finding::skip(Place::Cluster, CHECK, "no node has any")
        } else {
            let all: Vec<String> =
                there.iter().map(|(name, count)| format!("{count} {name}")).collect();
            Finding::ok(Place::Cluster, CHECK, all.join(", "))
        });
    }
    findings
}

/// The command that helps where the device plugin of a resource is missing.
fn plugin(resource: &str) -> String {
    if resource == NVIDIA {
        "helm upgrade -i nvdp nvdp/nvidia-device-plugin -n nvidia-device-plugin --create-namespace"
            .into()
    } else {
        "kubectl get daemonsets --all-namespaces   # which one should bring the device plugin?"
            .into()
    }
}

/// Up to three names, and how many more there are.
fn few(names: &[&str]) -> String {
    match names {
        [one, two, three, rest @ ..] if !rest.is_empty() => {
            format!("{one}, {two}, {three} and {} more", rest.len())
        }
        names => names.join(", "),
    }
}
