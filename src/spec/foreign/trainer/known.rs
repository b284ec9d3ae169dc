//! The runtimes that Kubeflow Trainer brings along, by name.
//!
//! Source: `manifests/base/runtimes/` of Kubeflow Trainer, release 2.3.

use crate::spec::syntax::{Node, SourceSpan, Value, parse};

/// What is known of a runtime that a file only names.
pub(super) enum Known {
    /// A runtime whose `spec` is written here, and the image of its nodes.
    Spec(Node, &'static str),
    /// One that isn't run, with what to do instead.
    Refused(&'static str),
    /// Its name is nobody's.
    Unknown,
}

/// The name of the runtime, its policy, and the image of its nodes.
const RUNTIMES: [(&str, &str, &str); 4] = [
    ("torch-distributed", "torch", "pytorch/pytorch:2.13.0-cuda13.0-cudnn9-runtime"),
    ("deepspeed-distributed", "mpi", "ghcr.io/kubeflow/trainer/deepspeed-runtime"),
    ("jax-distributed", "jax", "nvcr.io/nvidia/jax:25.10-py3"),
    ("xgboost-distributed", "xgboost", "ghcr.io/kubeflow/trainer/xgboost-runtime"),
];

/// What starts processes over ssh and has no other way for them to meet.
pub(super) const OVER_SSH: &str = "its processes are started over ssh and meet by what started them: write the training for \
                                   `torch-distributed` or `jax-distributed`";

/// Fine tuning by torchtune needs what its initializers leave on a claim of its own.
const TORCHTUNE: &str = "it fetches its model and data onto a claim that the operator makes: write the command `tune \
                         run ...` with the runtime `torch-distributed`, and what it reads as `data`";

/// The runtime of this name; the place of all of it is where it is named.
pub(super) fn known(name: &str, at: SourceSpan) -> Known {
    if name.starts_with("torchtune-") {
        return Known::Refused(TORCHTUNE);
    }
    if matches!(name, "mlx-distributed" | "flux-distributed") {
        return Known::Refused(OVER_SSH);
    }
    let Some((_, policy, image)) = RUNTIMES.iter().find(|(known, ..)| *known == name) else {
        return Known::Unknown;
    };
    // The launcher of the only one with MPI is one of its nodes, so that the pods of others are as its own.
    let own = if *policy == "mpi" { "numProcPerNode: 1, runLauncherAsNode: true" } else { "" };
    let text = format!(
        "{{mlPolicy: {{numNodes: 1, {policy}: {{{own}}}}}, template: {{spec: {{replicatedJobs: [{{name: node, template: \
         {{spec: {{template: {{spec: {{containers: [{{name: node, image: '{image}'}}]}}}}}}}}}}]}}}}}}"
    );
    match parse(at.source, &text).documents.pop() {
        Some(node) => Known::Spec(placed(node, at), image),
        None => Known::Unknown,
    }
}

/// The node with all of it at one place.
fn placed(node: Node, at: SourceSpan) -> Node {
    let value = match node.value {
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|mut entry| {
                    entry.key.span = at;
                    entry.value = placed(entry.value, at);
                    entry
                })
                .collect(),
        ),
        Value::List(items) => Value::List(items.into_iter().map(|item| placed(item, at)).collect()),
        Value::Scalar(scalar) => Value::Scalar(scalar),
    };
    Node { span: at, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runtime_has_an_image_and_its_place() {
        let at = SourceSpan { source: 3, start: 5, end: 9 };
        for (name, _, image) in RUNTIMES {
            let Known::Spec(node, _) = known(name, at) else { panic!("{name}") };
            assert!(node.to_json().to_string().contains(image));
            assert_eq!(node.get("mlPolicy").unwrap().span, at);
        }
        assert!(matches!(known("mlx-distributed", at), Known::Refused(_)));
        assert!(matches!(known("ours", at), Known::Unknown));
    }
}
