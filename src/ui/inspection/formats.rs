//! Models that no server of TensorFlow loads, as a person reads them.

use super::fact;
use crate::model::inspect::{
    Archive, Onnx, OperatorKind, Other, Quantization, TfJs, TfLite, WeightsOfType,
};
use crate::ui::human::bytes;
use crate::ui::{Printer, Table, Text};

/// So many files of what isn't known are shown, the largest ones.
const MOST_FILES: usize = 10;

pub(super) fn of_tflite(model: &TfLite, printer: &Printer) -> Vec<Text> {
    let mut lines = Vec::new();
    if !model.description.is_empty() {
        lines.push(fact("written by", &model.description));
    }
    lines.push(fact("weights", &bytes(model.weights_bytes)));
    if model.metadata_bytes > 0 {
        lines.push(fact(
            "metadata",
            &format!("{}: {}", bytes(model.metadata_bytes), model.metadata.join(", ")),
        ));
    }
    if model.graphs > 1 {
        lines.push(fact("graphs", &model.graphs.to_string()));
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

/// How the numbers of a tensor stand for real ones.
pub(super) fn quantization(of: &Quantization) -> String {
    match (of.scale.as_slice(), of.zero_point.first()) {
        ([], _) => String::new(),
        ([scale], zero) => format!("  scale {scale}, zero point {}", zero.unwrap_or(&0)),
        (scales, _) => format!("  {} scales, one for each part", scales.len()),
    }
}

pub(super) fn of_tfjs(model: &TfJs) -> Vec<Text> {
    let of = |one: &WeightsOfType| match &one.stored_as {
        Some(stored) => format!("{} of {} as {stored}", one.count, one.dtype),
        None => format!("{} of {}", one.count, one.dtype),
    };
    let weights: Vec<String> = model.weights.iter().map(of).collect();
    let by = [model.generated_by.as_str(), model.converted_by.as_str()];
    let by: Vec<&str> = by.into_iter().filter(|by| !by.is_empty()).collect();
    let mut lines = vec![fact("form", &model.form)];
    if !by.is_empty() {
        lines.push(fact("written by", &by.join(", ")));
    }
    let size = model.weights_bytes.map(|size| format!("{}: ", bytes(size))).unwrap_or_default();
    lines.push(fact("weights", &format!("{size}{}", weights.join(", "))));
    let there = model.shards.iter().filter(|shard| shard.bytes.is_some()).count();
    let missing = model.shards.len() - there;
    let missing = if missing > 0 { format!(", {missing} missing") } else { String::new() };
    lines.push(fact("shards", &format!("{there}{missing}")));
    lines
}

pub(super) fn of_onnx(model: &Onnx, printer: &Printer) -> Vec<Text> {
    let sets = model.opsets.iter().map(|(domain, version)| {
        let domain = if domain.is_empty() { "ai.onnx" } else { domain };
        format!("{domain} {version}")
    });
    let sets: Vec<String> = sets.collect();
    let mut lines = Vec::new();
    if !model.producer.is_empty() {
        lines.push(fact("written by", &model.producer));
    }
    lines.push(fact("operators", &sets.join(", ")));
    lines.push(fact("weights", &format!("{}, {}", model.weights, bytes(model.weights_bytes))));
    let mut table = Table::new(&["OPERATOR", "COUNT"]);
    for (name, count) in &model.operators {
        table.row(vec![name.clone(), count.to_string()]);
    }
    lines.push(table.render(printer));
    lines
}

pub(super) fn of_archive(model: &Archive) -> Vec<Text> {
    let mut lines = vec![fact("content", &model.content)];
    if !model.written_by.is_empty() {
        lines.push(fact("written by", &model.written_by));
    }
    let unpacked = bytes(model.unpacked_bytes);
    lines.push(fact("files", &format!("{}, unpacked {unpacked}", model.files)));
    lines
}

pub(super) fn of_other(other: &Other) -> Vec<Text> {
    let mut parts: Vec<(&String, &u64)> = other.parts.iter().collect();
    parts.sort_by_key(|(_, size)| std::cmp::Reverse(**size));
    parts.iter().take(MOST_FILES).map(|(name, size)| fact(&bytes(**size), name)).collect()
}
