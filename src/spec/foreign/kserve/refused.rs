//! Kinds of KServe's that become nothing by themselves.

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::syntax::Node;

const GRAPH: &str = "write an Endpoint for each model; a splitter's weights are `traffic` of an Endpoint's revisions, \
                     and a sequence, a switch or an ensemble is a program of your own in front: `server: custom`";
const TRAINED: &str = "one server with several models is not run: write an InferenceService, or an Endpoint, for the \
                       model, with its `storageUri`";
const LLM: &str = "write an Endpoint: `revisions: [{name: v1, model: hf://org/name, server: openai, accelerators: \
                   {type: nvidia, count: 1}}]`; prefill and decode of their own, and their schedulers, are not run";
const RUNTIME: &str = "it says how models of a format are served: put the InferenceService that names it into the same \
                       file";
const CONFIG: &str =
    "it is a part of LLMInferenceServices: write an Endpoint with `server: openai`";
const STORAGE: &str =
    "the agent of a replica fetches the model from `s3://`, `gs://`, `hf://` or Azure";
const CACHE: &str = "a replica keeps what it has fetched on its node";

/// The kinds, each with what to write instead.
pub(super) const KINDS: Table = &[
    ("InferenceGraph", Use::Refused(GRAPH)),
    ("TrainedModel", Use::Refused(TRAINED)),
    ("LLMInferenceService", Use::Refused(LLM)),
    ("LLMInferenceServiceConfig", Use::Refused(CONFIG)),
    ("ServingRuntime", Use::Refused(RUNTIME)),
    ("ClusterServingRuntime", Use::Refused(RUNTIME)),
    ("ClusterStorageContainer", Use::Refused(STORAGE)),
    ("LocalModelCache", Use::Refused(CACHE)),
    ("LocalModelNodeGroup", Use::Refused(CACHE)),
];

/// Says of a document of another kind of KServe's that it becomes nothing. `false` where it is none.
pub(super) fn explain(findings: &mut Findings, kind: &str, node: &Node) -> bool {
    let Some((name, Use::Refused(help))) = KINDS.iter().find(|(name, _)| *name == kind) else {
        return false;
    };
    let article = if name.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
    let article = if name.starts_with("LLM") { "an" } else { article };
    let is_runtime = name.ends_with("ServingRuntime");
    let message = if is_runtime {
        format!("nothing in this file is served by this {name}")
    } else {
        format!("{article} {name} is not run")
    };
    findings.refuse(node.get("kind").unwrap_or(node), message, help);
    true
}
