//! What a pod must ask for to get an accelerator, and which nodes have it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;

use super::find::find;
use super::table::{AMD, Accelerator, GAUDI, NVIDIA, TPU};

/// The label in which GKE writes the type of a node's accelerators.
const GKE: &str = "cloud.google.com/gke-accelerator";
/// GKE's label of nodes whose accelerators several pods share.
const GKE_SHARING: &str = "cloud.google.com/gke-gpu-sharing-strategy";
/// The label in which Karpenter writes the type of a node's accelerators on AWS.
const AWS: &str = "karpenter.k8s.aws/instance-gpu-name";
/// Ends a type's name for a share of a GPU in time, and the product that NVIDIA's labeller writes.
const SHARED: &str = "-shared";

/// A type that the settings add, or by which they replace a known one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomAccelerator {
    /// The resource that a Pod asks for, such as `nvidia.com/mig-1g.10gb`.
    pub resource: String,
    /// Which nodes have it: those with all labels of one entry, whichever that is. When there is no
    /// entry, any node.
    #[serde(default)]
    pub node_labels: Vec<BTreeMap<String, String>>,
}

/// The types that the settings add, by name.
pub type CustomAccelerators = IndexMap<String, CustomAccelerator>;

/// One condition on a node's label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLabel {
    /// The key of the label.
    pub key: String,
    /// The values of which the label has one. When there are none, the label must not be there.
    pub values: Vec<String>,
}

/// What a pod must ask for to get an accelerator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The name of the resource.
    pub resource: String,
    /// Which nodes have it: those that meet all conditions of one entry, whichever that is. When
    /// there is no entry, any node.
    pub nodes: Vec<Vec<NodeLabel>>,
}

/// No pod of a cluster can ask for this type.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}: TPUs are not supported in a cluster: a slice needs a topology and pods on all its hosts"
)]
pub struct Unsupported(String);

/// What a pod asks for to get an accelerator of this name: one of the settings, a known type, a
/// MIG slice (`nvidia-mig-1g.10gb`), a share in time (`nvidia-t4-shared`), a resource
/// (`example.com/npu`), else a product as nodes are labelled.
pub fn placement(name: &str, custom: &CustomAccelerators) -> Result<Placement, Unsupported> {
    if let Some(own) = custom.get(name) {
        return Ok(of_settings(own));
    }
    if name.contains('/') {
        return Ok(Placement { resource: name.into(), nodes: Vec::new() });
    }
    if let Some(slice) = name.strip_prefix("nvidia-mig-") {
        return Ok(Placement { resource: format!("nvidia.com/mig-{slice}"), nodes: Vec::new() });
    }
    if let Some(known) = find(name) {
        if known.resource == TPU {
            return Err(Unsupported(name.into()));
        }
        return Ok(of_known(known, false));
    }
    match name.strip_suffix(SHARED).and_then(find) {
        Some(known) if known.products.is_empty() => {
            Ok(Placement { resource: format!("{}.shared", known.resource), nodes: Vec::new() })
        }
        Some(known) if known.resource == NVIDIA => Ok(of_known(known, true)),
        _ => Ok(of_product(name)),
    }
}

/// A name that [`placement`] understands without looking for a node that is labelled so.
pub fn is_known(name: &str) -> bool {
    let shared = name.strip_suffix(SHARED).is_some_and(|name| find(name).is_some());
    find(name).is_some() || name.contains('/') || name.starts_with("nvidia-mig-") || shared
}

/// By a type of the settings.
fn of_settings(own: &CustomAccelerator) -> Placement {
    let label = |(key, value): (&String, &String)| NodeLabel {
        key: key.clone(),
        values: vec![value.clone()],
    };
    let nodes = own.node_labels.iter();
    Placement {
        resource: own.resource.clone(),
        nodes: nodes.map(|labels| labels.iter().map(label).collect()).collect(),
    }
}

/// By a known type. Clusters label their nodes in different ways, each of which will do.
fn of_known(known: &Accelerator, shared: bool) -> Placement {
    let label = |key: &str, values: Vec<String>| NodeLabel { key: key.into(), values };
    let mut nodes = Vec::new();
    if !known.products.is_empty() {
        let end = if shared { "-SHARED" } else { "" };
        let products = known.products.iter().map(|product| format!("{product}{end}")).collect();
        nodes.push(vec![label(known.product_label(), products)]);
    }
    if !known.gke.is_empty() {
        let strategies = ["time-sharing", "mps"].map(String::from).to_vec();
        let sharing = label(GKE_SHARING, if shared { strategies } else { Vec::new() });
        nodes.push(vec![label(GKE, vec![known.gke.into()]), sharing]);
    }
    if !known.aws.is_empty() && !shared {
        nodes.push(vec![label(AWS, vec![known.aws.into()])]);
    }
    Placement { resource: known.resource.into(), nodes }
}

/// By a name that isn't known: it is taken for a product as nodes are labelled.
fn of_product(name: &str) -> Placement {
    let (resource, product) = match name.split_once('-') {
        Some(("amd", _)) => (AMD, Some("amd.com/gpu.product-name")),
        Some(("intel", _)) => (GAUDI, None),
        _ => (NVIDIA, Some("nvidia.com/gpu.product")),
    };
    let nodes = product
        .into_iter()
        .chain([GKE])
        .map(|key| vec![NodeLabel { key: key.into(), values: vec![name.into()] }]);
    Placement { resource: resource.into(), nodes: nodes.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::accelerator::table::ACCELERATORS;

    fn of(name: &str) -> Placement {
        placement(name, &CustomAccelerators::new()).unwrap()
    }

    #[test]
    fn every_known_type_has_a_place_or_a_reason() {
        for known in ACCELERATORS {
            match placement(known.name, &CustomAccelerators::new()) {
                Ok(placement) => assert!(!placement.resource.is_empty()),
                Err(error) => assert!(error.to_string().starts_with("tpu-"), "{error}"),
            }
        }
    }

    #[test]
    fn any_label_of_any_cluster_will_do() {
        let l4 = of("NVIDIA_L4");
        assert_eq!(l4.resource, "nvidia.com/gpu");
        let keys: Vec<&str> = l4.nodes.iter().map(|labels| labels[0].key.as_str()).collect();
        assert_eq!(keys, ["nvidia.com/gpu.product", GKE, AWS]);
        assert_eq!(l4.nodes[1][1], NodeLabel { key: GKE_SHARING.into(), values: vec![] });
        assert!(of("nvidia").nodes.is_empty());
    }

    #[test]
    fn slices_shares_and_resources() {
        assert_eq!(of("nvidia-mig-1g.10gb").resource, "nvidia.com/mig-1g.10gb");
        assert_eq!(of("nvidia-t4-shared").nodes[0][0].values[0], "Tesla-T4-SHARED");
        assert_eq!(of("nvidia-shared").resource, "nvidia.com/gpu.shared");
        assert_eq!(of("example.com/npu").resource, "example.com/npu");
        assert_eq!(of("amd-mi300x").nodes[0][0].key, "amd.com/gpu.product-name");
        assert_eq!(of("NVIDIA-FOO").nodes[0][0].values, ["NVIDIA-FOO"]);
    }

    #[test]
    fn settings_come_first() {
        let own = CustomAccelerator {
            resource: "example.com/l4".into(),
            node_labels: vec![[("pool".to_owned(), "l4".to_owned())].into()],
        };
        let custom = CustomAccelerators::from([("nvidia-l4".to_owned(), own)]);
        let placed = placement("nvidia-l4", &custom).unwrap();
        assert_eq!(placed.resource, "example.com/l4");
        assert_eq!(placed.nodes[0][0].key, "pool");
    }
}
