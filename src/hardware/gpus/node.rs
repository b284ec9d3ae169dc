//! A node of a cluster, as far as placing pods and counting accelerators need it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::hardware::accelerator::{ACCELERATORS, Accelerator, CustomAccelerators, NVIDIA};

/// Whether pods can be placed on a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeState {
    /// It takes new pods.
    #[default]
    Ready,
    /// Its kubelet says that something is wrong, or nothing at all.
    NotReady,
    /// An admin keeps new pods away.
    Cordoned,
    /// Nodes may not be looked at; its pods are known.
    Unknown,
}

impl std::fmt::Display for NodeState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::NotReady => "not ready",
            Self::Cordoned => "cordoned",
            Self::Unknown => "unknown",
        })
    }
}

/// A taint, which keeps pods away that don't tolerate it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taint {
    /// The key by which pods tolerate it.
    pub key: String,
    /// The value; may be empty.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// A node of a cluster.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// The name of the node.
    pub name: String,
    /// The labels by which pods choose it.
    pub labels: BTreeMap<String, String>,
    /// The taints, which pods must tolerate.
    pub taints: Vec<Taint>,
    /// How much pods can have, by resource, in cores, bytes and devices.
    pub allocatable: BTreeMap<String, f64>,
    /// How much it has altogether, by resource, in the same units.
    pub capacity: BTreeMap<String, f64>,
    /// Whether it takes pods.
    pub state: NodeState,
}

/// The label in which GKE writes the type of a node's accelerators.
const GKE: &str = "cloud.google.com/gke-accelerator";
/// The label in which Karpenter writes the type of a node's accelerators on AWS.
const AWS: &str = "karpenter.k8s.aws/instance-gpu-name";
/// The end that NVIDIA's labeller gives a product when pods share its GPUs in time.
const SHARED: &str = "-SHARED";

impl Node {
    /// The value of a label; `None` when the node doesn't have it.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.get(key).map(String::as_str)
    }

    /// What a spec would call this node's accelerators of a resource: a type of the settings, a
    /// slice of MIG, a known type, the product as the node is labelled, else the resource.
    pub fn kind(&self, resource: &str, custom: &CustomAccelerators) -> String {
        let has = |labels: &BTreeMap<String, String>| {
            labels.iter().all(|(key, value)| self.label(key) == Some(value))
        };
        let own = custom.iter().find(|(_, own)| {
            own.resource == resource
                && (own.node_labels.is_empty() || own.node_labels.iter().any(has))
        });
        if let Some((name, _)) = own {
            return name.clone();
        }
        if let Some(slice) = resource.strip_prefix("nvidia.com/mig-") {
            return format!("nvidia-mig-{slice}");
        }
        // The device plugin may call shares by a resource of their own.
        let renamed = resource.strip_suffix(".shared");
        let whole = renamed.unwrap_or(resource);
        let of = |test: &dyn Fn(&Accelerator) -> bool| {
            ACCELERATORS.iter().find(|known| known.resource == whole && test(known))
        };
        let by_label = |key: &str, name: fn(&Accelerator) -> &'static str| {
            let value = self.label(key)?;
            of(&|known| !name(known).is_empty() && name(known) == value)
        };
        let label =
            if whole == NVIDIA { "nvidia.com/gpu.product" } else { "amd.com/gpu.product-name" };
        let product = self.label(label);
        let plain = product.map(|product| product.strip_suffix(SHARED).unwrap_or(product));
        let known = by_label(GKE, |known| known.gke)
            .or_else(|| by_label(AWS, |known| known.aws))
            .or_else(|| of(&|known| plain.is_some_and(|plain| known.products.contains(&plain))));
        let shared = renamed.is_some() || product.is_some_and(|product| product.ends_with(SHARED));
        match known {
            Some(known) if shared => format!("{}-shared", known.name),
            Some(known) => known.name.into(),
            None if renamed.is_some() => resource.into(),
            None => product.map_or_else(|| resource.into(), str::to_owned),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::accelerator::CustomAccelerator;

    fn kind(resource: &str, labels: &[(&str, &str)]) -> String {
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let own = CustomAccelerator {
            resource: "example.com/npu".into(),
            node_labels: vec![[("pool".to_owned(), "npu".to_owned())].into()],
        };
        let custom = CustomAccelerators::from([("npu-2".to_owned(), own)]);
        Node { labels, ..Node::default() }.kind(resource, &custom)
    }

    #[test]
    fn nodes_are_called_as_specs_call_them() {
        let product = "nvidia.com/gpu.product";
        for (resource, labels, wanted) in [
            (NVIDIA, &[(product, "NVIDIA-A100-SXM4-80GB")][..], "nvidia-a100-80gb"),
            (NVIDIA, &[(product, "Tesla-T4-SHARED")], "nvidia-t4-shared"),
            (NVIDIA, &[(GKE, "nvidia-h100-mega-80gb")], "nvidia-h100-mega"),
            (NVIDIA, &[(AWS, "l40s")], "nvidia-l40s"),
            (NVIDIA, &[(product, "NVIDIA-FOO")], "NVIDIA-FOO"),
            (NVIDIA, &[], "nvidia.com/gpu"),
            ("nvidia.com/gpu.shared", &[(product, "Tesla-T4")], "nvidia-t4-shared"),
            ("nvidia.com/mig-1g.5gb", &[(product, "NVIDIA-A100-SXM4-40GB")], "nvidia-mig-1g.5gb"),
            ("amd.com/gpu", &[("amd.com/gpu.product-name", "AMD_Instinct_MI210")], "amd-mi210"),
            ("example.com/npu", &[("pool", "npu")], "npu-2"),
            ("example.com/npu", &[], "example.com/npu"),
        ] {
            assert_eq!(kind(resource, labels), wanted, "{resource} {labels:?}");
        }
    }
}
