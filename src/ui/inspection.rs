//! A model's files as a person reads them.

use super::human::bytes;
use super::{BOLD, DIM, Printer, Table, Text};
use crate::model::inspect::{
    Difference, Effect, Facts, MetaGraph, Onnx, OperatorKind, Quantization, Report, Request,
    SavedModel, TfJs, TfLite, shown,
};

/// A longer request is printed by itself only.
const LONGEST_REQUEST: usize = 200;
/// So many scales of a tensor are shown.
const SCALES: usize = 1;

/// What a model is, what can be called, and how.
pub fn inspection_text(
    report: &Report,
    named: &str,
    requests: &[Request],
    printer: &Printer,
) -> Text {
    let mut lines = vec![Text::styled(BOLD, &report.format).then(format!(
        "  {}, {}",
        bytes(report.bytes),
        if report.files == 1 { "1 file".to_owned() } else { format!("{} files", report.files) }
    ))];
    lines.extend(match &report.facts {
        Facts::SavedModel(model) => of_saved_model(model),
        Facts::TfLite(model) => of_tflite(model, printer),
        Facts::TfJs(model) => of_tfjs(model),
        Facts::Onnx(model) => of_onnx(model, printer),
        Facts::Archive(model) => {
            let mut lines = vec![fact("content", &model.content)];
            if !model.written_by.is_empty() {
                lines.push(fact("written by", &model.written_by));
            }
            let unpacked = bytes(model.unpacked_bytes);
            lines.push(fact("files", &format!("{}, unpacked {unpacked}", model.files)));
            lines
        }
        Facts::Other(other) => {
            let mut parts: Vec<(&String, &u64)> = other.parts.iter().collect();
            parts.sort_by_key(|(_, size)| std::cmp::Reverse(**size));
            let shown = parts.iter().take(10).map(|(name, size)| fact(&bytes(**size), name));
            let words = "it doesn't say what its inputs and outputs are";
            std::iter::once(Text::from(words)).chain(shown).collect()
        }
    });
    for (name, call) in &report.interface.signatures {
        lines.push(Text::from(""));
        lines.push(Text::styled(BOLD, name));
        for (side, tensors) in [("in", &call.inputs), ("out", &call.outputs)] {
            for (tensor, shape) in tensors {
                lines.push(fact(side, &format!("{tensor}  {}", shown(shape))));
            }
        }
        let Some(request) = requests.iter().find(|one| one.signature == *name) else { continue };
        lines.extend(of_request(request, named));
    }
    Text::lines(lines)
}

fn fact(name: &str, value: &str) -> Text {
    Text::styled(DIM, &format!("  {name:<10} ")).then(value)
}

fn of_request(request: &Request, named: &str) -> Vec<Text> {
    let name = &request.signature;
    let curl = if request.body.len() <= LONGEST_REQUEST {
        format!("curl -d '{}' URL:predict", request.body.replace('\'', r"'\''"))
    } else {
        format!("mlctl model inspect {named} --request {name} | curl -d @- URL:predict")
    };
    let mut lines = vec![fact("request", &curl)];
    match &request.row {
        Some(row) if row.len() <= LONGEST_REQUEST => lines.push(fact("row", row)),
        Some(_) => lines.push(fact("row", &format!("mlctl model inspect {named} --row {name}"))),
        None => {}
    }
    lines
}

fn of_saved_model(model: &SavedModel) -> Vec<Text> {
    let mut lines = Vec::new();
    for graph in &model.graphs {
        lines.push(fact("tags", &graph.tags.join(", ")));
        if !graph.tensorflow.is_empty() {
            lines.push(fact("written by", &format!("TensorFlow {}", graph.tensorflow)));
        }
        lines.push(fact("operations", &format!("{} kinds", graph.operations.len())));
        if !graph.functions.is_empty() {
            let names: Vec<&str> = graph.functions.keys().map(String::as_str).collect();
            lines.push(fact("functions", &names.join(", ")));
        }
        lines.extend(inside(graph).map(|words| fact("inside", words)));
    }
    lines.push(fact("variables", &bytes(model.variables_bytes)));
    if model.assets_bytes > 0 {
        lines.push(fact("assets", &bytes(model.assets_bytes)));
    }
    if let Some(count) = model.warmup_requests {
        lines.push(fact("warm-up", &format!("{count} requests")));
    }
    if let Some(fingerprint) = &model.fingerprint {
        let checksum = &fingerprint.saved_model_checksum;
        let uuid = if fingerprint.uuid.is_empty() { "" } else { ", " };
        lines.push(fact("fingerprint", &format!("{checksum}{uuid}{}", fingerprint.uuid)));
    }
    lines
}

/// Whether what comes before the model, or some of it, is in the graph.
fn inside(graph: &MetaGraph) -> Option<&'static str> {
    let has = |names: &[&str]| graph.operations.iter().any(|one| names.contains(&one.as_str()));
    if has(&[
        "DecodeJpeg",
        "DecodePng",
        "DecodeImage",
        "DecodeAndCropJpeg",
        "DecodeBmp",
        "DecodeGif",
    ]) {
        return Some("it decodes pictures itself");
    }
    if has(&["ParseExampleV2", "ParseExample", "ParseSingleExample"]) {
        return Some("it reads tf.Example itself");
    }
    let takes_text = graph
        .signatures
        .values()
        .flat_map(|signature| signature.inputs.values())
        .any(|tensor| tensor.dtype == "DT_STRING");
    takes_text.then_some("it takes text, and makes numbers of it itself")
}

fn of_tflite(model: &TfLite, printer: &Printer) -> Vec<Text> {
    let mut lines = Vec::new();
    if !model.description.is_empty() {
        lines.push(fact("written by", &model.description));
    }
    for (side, tensors) in [("in", &model.inputs), ("out", &model.outputs)] {
        for tensor in tensors {
            let quantized = tensor.quantization.as_ref().map(quantization).unwrap_or_default();
            let text = format!("{}  {} {:?}{quantized}", tensor.name, tensor.dtype, tensor.shape);
            lines.push(fact(side, &text));
        }
    }
    lines.push(fact("weights", &bytes(model.weights_bytes)));
    if model.metadata_bytes > 0 {
        lines.push(fact(
            "metadata",
            &format!("{}: {}", bytes(model.metadata_bytes), model.metadata.join(", ")),
        ));
    }
    let mut table = Table::new(&["OPERATOR", "COUNT", "VERSION", "RUN BY"]);
    for one in &model.operators {
        let by = match one.kind {
            OperatorKind::Builtin => "every interpreter",
            OperatorKind::Flex => "one with TensorFlow's operators (Flex)",
            OperatorKind::Custom => "one that was given it (custom)",
        };
        table.row(vec![
            one.name.clone(),
            one.count.to_string(),
            one.version.to_string(),
            by.into(),
        ]);
    }
    lines.push(table.render(printer));
    lines
}

fn quantization(of: &Quantization) -> String {
    let pairs = of.scale.iter().zip(of.zero_point.iter().chain(std::iter::repeat(&0)));
    let pairs = pairs.map(|(scale, zero)| format!("{scale} * (q - {zero})"));
    let shown: Vec<String> = pairs.take(SCALES).collect();
    let more = of.scale.len().saturating_sub(SCALES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("  means {}{more}", shown.join(", "))
}

fn of_tfjs(model: &TfJs) -> Vec<Text> {
    let weights: Vec<String> =
        model.weights.iter().map(|(dtype, count)| format!("{count} of {dtype}")).collect();
    let by = [model.generated_by.as_str(), model.converted_by.as_str()];
    let by: Vec<&str> = by.into_iter().filter(|by| !by.is_empty()).collect();
    let mut lines = vec![fact("form", &model.form)];
    if !by.is_empty() {
        lines.push(fact("written by", &by.join(", ")));
    }
    lines.push(fact("weights", &format!("{}: {}", bytes(model.weights_bytes), weights.join(", "))));
    lines.push(fact("shards", &model.shards.len().to_string()));
    lines
}

fn of_onnx(model: &Onnx, printer: &Printer) -> Vec<Text> {
    let sets = model.opsets.iter().map(|(domain, version)| {
        let domain = if domain.is_empty() { "ai.onnx" } else { domain };
        format!("{domain} {version}")
    });
    let sets: Vec<String> = sets.collect();
    let mut lines = vec![
        fact("written by", &model.producer),
        fact("operators", &sets.join(", ")),
        fact("weights", &format!("{}, {}", model.weights, bytes(model.weights_bytes))),
    ];
    let mut table = Table::new(&["OPERATOR", "COUNT"]);
    for (name, count) in &model.operators {
        table.row(vec![name.clone(), count.to_string()]);
    }
    lines.push(table.render(printer));
    lines
}

/// What another model changes, a line each.
pub fn difference_text(difference: &Difference) -> Text {
    let mut lines: Vec<Text> = difference
        .changes
        .iter()
        .map(|change| {
            let effect = match change.effect {
                Effect::Breaks => "breaks",
                Effect::Adds => "adds",
            };
            Text::from(format!("{effect:<6}  {}: {}", change.place, change.text))
        })
        .collect();
    if lines.is_empty() {
        lines.push(Text::from("callers see no difference"));
    }
    let (before, after) = (difference.bytes_before, difference.bytes_after);
    let size = format!("size    {} and {}", bytes(before), bytes(after));
    lines.push(Text::from(size));
    Text::lines(lines)
}
