//! A SavedModel as a person reads it.

use super::fact;
use crate::model::inspect::{INIT_SIGNATURE, MetaGraph, Preprocessing, SavedModel};
use crate::ui::Text;
use crate::ui::human::bytes;

/// So many functions are named: some models have one for each of their layers.
const MOST_FUNCTIONS: usize = 8;

pub(super) fn of_saved_model(model: &SavedModel) -> Vec<Text> {
    let mut lines = Vec::new();
    let served = model.served();
    for graph in &model.graphs {
        let tags = graph.tags.join(", ");
        let tags = if tags.is_empty() { "none".to_owned() } else { tags };
        if model.graphs.len() == 1 {
            lines.push(fact("tags", &tags));
            continue;
        }
        let names = graph.signatures.keys().filter(|name| *name != INIT_SIGNATURE);
        let names: Vec<&str> = names.map(String::as_str).collect();
        let here = if served.is_some_and(|one| std::ptr::eq(one, graph)) {
            "  (what servers load, shown below)"
        } else {
            ""
        };
        lines.push(fact("tags", &format!("{tags}: {}{here}", names.join(", "))));
    }
    let Some(graph) = served else { return lines };
    if !graph.tensorflow.is_empty() {
        lines.push(fact("written by", &format!("TensorFlow {}", graph.tensorflow)));
    }
    lines.push(fact("variables", &bytes(model.variables_bytes)));
    if model.assets_bytes > 0 {
        lines.push(fact("assets", &format!("{}, {}", bytes(model.assets_bytes), assets(graph))));
    }
    if let Some(count) = model.warmup_requests {
        let requests = if count == 1 { "request" } else { "requests" };
        lines.push(fact("warm-up", &format!("{count} {requests}")));
    }
    for one in &graph.preprocessing {
        lines.push(fact(
            "inside",
            match one {
                Preprocessing::Pictures => "it decodes pictures itself",
                Preprocessing::Examples => "it takes the fields of a tf.Example itself",
                Preprocessing::Strings => "it takes texts, and makes of them itself what it needs",
            },
        ));
    }
    if !graph.functions.is_empty() {
        let names = graph.functions.keys().take(MOST_FUNCTIONS).map(String::as_str);
        let mut names = names.collect::<Vec<_>>().join(", ");
        let more = graph.functions.len().saturating_sub(MOST_FUNCTIONS);
        if more > 0 {
            names = format!("{names} and {more} more");
        }
        lines.push(fact("functions", &format!("{names}, for Python")));
    }
    lines.push(fact("operations", &format!("{} kinds", graph.operations.len())));
    if let Some(fingerprint) = &model.fingerprint {
        let checksum = &fingerprint.saved_model_checksum;
        lines.push(fact("fingerprint", checksum));
    }
    lines
}

fn assets(graph: &MetaGraph) -> String {
    match graph.assets.as_slice() {
        [] => "none of which the graph names".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}
