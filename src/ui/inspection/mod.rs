//! A model's files as a person reads them.

mod formats;
mod saved_model;

use std::borrow::Cow;

use super::human::bytes;
use super::{BOLD, DIM, Printer, Text};
use crate::model::inspect::{
    Call, Difference, Effect, Facts, LiteTensor, Report, Request, TfLite, shown,
};
use formats::{of_archive, of_onnx, of_other, of_tfjs, of_tflite, quantization};
use saved_model::of_saved_model;

/// A longer request is printed by itself only.
const LONGEST_REQUEST: usize = 120;
/// Where TensorFlow's server listens for REST.
const SERVER: &str = "http://localhost:8501";

/// What a model is, what can be called, and how. `named` is what the user calls it.
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
        Facts::Archive(model) => of_archive(model),
        Facts::Other(other) => of_other(other),
    });
    let signatures = &report.interface.signatures;
    if signatures.is_empty() {
        lines.push(match &report.facts {
            Facts::SavedModel(_) => {
                "It has no signature: programs in Python can call it, and no server can.".into()
            }
            _ => "What it takes and gives is unknown: its files don't say it.".into(),
        });
    }
    for (name, call) in signatures {
        lines.push(Text::from(""));
        lines.push(Text::styled(BOLD, name));
        lines.extend(of_call(report, name, call));
        if let Some(request) = requests.iter().find(|one| one.signature == *name) {
            lines.extend(of_request(request, named));
        }
    }
    Text::lines(lines)
}

fn fact(name: &str, value: &str) -> Text {
    Text::styled(DIM, &format!("  {name:<11} ")).then(value)
}

fn of_call(report: &Report, name: &str, call: &Call) -> Vec<Text> {
    let optional = match &report.facts {
        Facts::SavedModel(model) => {
            let mut graphs = model.graphs.iter().filter_map(|graph| graph.signatures.get(name));
            graphs.next().map(|signature| signature.defaults.as_slice()).unwrap_or_default()
        }
        _ => &[],
    };
    let mut lines = Vec::new();
    for (side, tensors) in [("in", &call.inputs), ("out", &call.outputs)] {
        for (tensor, shape) in tensors {
            let lite = match &report.facts {
                Facts::TfLite(model) => lite_tensor(model, name, side, tensor),
                _ => None,
            };
            let means = lite.and_then(|one| one.quantization.as_ref()).map(quantization);
            let may =
                if side == "in" && optional.contains(tensor) { "  may be left out" } else { "" };
            let means = means.unwrap_or_default();
            lines.push(fact(side, &format!("{tensor}  {}{means}{may}", shown(shape))));
        }
    }
    if call.outputs.is_empty() {
        lines.push(fact("out", "unknown: the file doesn't say it"));
    }
    lines
}

fn lite_tensor<'a>(
    model: &'a TfLite,
    signature: &str,
    side: &str,
    tensor: &str,
) -> Option<&'a LiteTensor> {
    let signature = model.signatures.get(signature);
    let (named, plain) = if side == "in" {
        (signature.map(|one| &one.inputs), &model.inputs)
    } else {
        (signature.map(|one| &one.outputs), &model.outputs)
    };
    let named = named.and_then(|all| all.get(tensor));
    named.or_else(|| plain.iter().find(|one| one.name == tensor))
}

fn of_request(request: &Request, named: &str) -> Vec<Text> {
    let url = in_shell(&format!("{SERVER}{}", request.path)).into_owned();
    // What is copied runs nothing that the model's author has named.
    let inspect = |what: &str| {
        format!("mlctl model inspect {} --{what} {}", in_shell(named), in_shell(&request.signature))
    };
    let curl = if request.body.len() <= LONGEST_REQUEST {
        format!("curl -d {} {url}", in_shell(&request.body))
    } else {
        format!("{} | curl -d @- {url}", inspect("request"))
    };
    let mut lines = vec![fact("request", &curl)];
    match &request.row {
        Some(row) if row.len() <= LONGEST_REQUEST => lines.push(fact("row", row)),
        Some(_) => lines.push(fact("row", &inspect("row"))),
        None => {}
    }
    lines.push(fact("gRPC", &inspect("grpc")));
    lines
}

/// A word as a shell takes it.
fn in_shell(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}

/// What another model changes, a line each.
pub fn difference_text(difference: &Difference) -> Text {
    let mut lines: Vec<Text> = difference
        .changes
        .iter()
        .map(|change| {
            let effect = match change.effect {
                Effect::Breaks => "breaks",
                Effect::Differs => "differs",
                Effect::Adds => "fits",
            };
            Text::from(format!("{effect:<7}  {}: {}", change.place, change.text))
        })
        .collect();
    if lines.is_empty() {
        lines.push(Text::from("callers see no difference"));
    }
    let (before, after) = (difference.bytes_before, difference.bytes_after);
    let size = format!("size     {} and {}", bytes(before), bytes(after));
    lines.push(Text::from(size));
    Text::lines(lines)
}
