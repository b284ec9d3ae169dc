//! `--model_config_file`: a list of models, each of which becomes an endpoint.
//!
//! Source: `tensorflow_serving/config/model_server_config.proto`.

use std::collections::HashMap;

use super::flags;
use super::model::endpoint;
use super::system::TF_SERVING;
use crate::spec::foreign::common::converted::{converted, resolved};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::{Converted, Document, ForeignContext};
use crate::spec::syntax::Node;

const FORMAT: &str = "model config of TensorFlow Serving";

const CUSTOM: &str =
    "what it holds is known to the program that reads it only: write `model_config_list`";

pub(super) const FILE: Table =
    &[("model_config_list", Use::Within), ("custom_model_config", Use::Refused(CUSTOM))];

pub(super) const LIST: Table = &[("config", Use::Changed("an Endpoint each"))];

/// The converter of TensorFlow Serving's files: `None` when the document is none of them.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Converted> {
    let mut findings = Findings::of(&TF_SERVING);
    let is_named = node.get("model_config_list").or_else(|| node.get("custom_model_config"));
    // Documents of other systems may have a field of any of these names, and a kind.
    if node.get("kind").is_some() || node.get("apiVersion").is_some() {
        return None;
    }
    if is_named.is_none() {
        let is_text = node.get("prometheus_config").or_else(|| node.get("platform_configs"));
        let value = |name: &str| node.get(name).and_then(|one| one.get("value"));
        let is_batching = ["max_batch_size", "batch_timeout_micros", "num_batch_threads"]
            .iter()
            .chain(&["max_enqueued_batches", "thread_pool_name"])
            .any(|name| value(name).is_some());
        let is_one = is_batching || is_text.is_some_and(|one| one.as_map().is_some());
        return (is_one && flags::explain(&mut findings, node)).then(|| converted(findings, []));
    }
    let documents = convert(&mut findings, node, context);
    Some(converted(findings, documents))
}

fn convert(findings: &mut Findings, node: &Node, context: &ForeignContext<'_>) -> Vec<Document> {
    let file = findings.fields(node, "", FILE);
    if let Some(custom) = file.entry("custom_model_config") {
        let at = Node { span: custom.key.span, value: custom.value.value.clone() };
        findings.refuse(&at, "a `custom_model_config` is not read".to_owned(), CUSTOM);
        return Vec::new();
    }
    let Some(list) = file.entry("model_config_list") else {
        findings.missing(node, "model_config_list");
        return Vec::new();
    };
    if list.value.as_list().is_some_and(|list| list.iter().any(|one| one.get("config").is_some())) {
        let help = "write an Endpoint: `server: custom`, `image: openvino/model_server` and its `command` with \
                    `{port}` and `{model}`";
        let message = "this is a file of OpenVINO's model server, which is not run".to_owned();
        findings.refuse(&Node { span: list.key.span, ..list.value.clone() }, message, help);
        return Vec::new();
    }
    let fields = findings.fields(&list.value, "model_config_list", LIST);
    let configs = fields.get("config").map(items).unwrap_or_default();
    if configs.is_empty() && !findings.has_errors() {
        let at = Node { span: list.key.span, ..list.value.clone() };
        let message = "the list has no model".to_owned();
        findings.refuse(
            &at,
            message,
            "add `config { name: \"digits\" base_path: \"/models/digits\" }`",
        );
    }
    let mut documents = Vec::new();
    let mut names: HashMap<String, &Node> = HashMap::new();
    for config in configs {
        let Some((endpoint, spans)) = endpoint(findings, config, context) else { continue };
        if let Some(first) = names.get(&endpoint.name) {
            findings.twice(config, first, &endpoint.name);
            continue;
        }
        names.insert(endpoint.name.clone(), config);
        documents.push(Document::Endpoint(resolved(endpoint, spans, context, FORMAT)));
    }
    documents
}
