//! `parameters`: ranges and lists, whose numbers are texts.

use indexmap::IndexMap;

use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::tune::{Algorithm, Parameter, Scale, Variant, Word};
use crate::spec::syntax::{Code, Diagnostic, Entry, KeyedSpan, Node, Spans, key_path};

pub(super) const PARAMETER: Table = &[
    ("name", Use::Changed("the name in `parameters`")),
    ("parameterType", Use::Changed("`double`, `integer`, `categorical` or `discrete`")),
    ("feasibleSpace", Use::Within),
];
pub(super) const SPACE: Table = &[
    ("min", Use::Changed("the first number of the range")),
    ("max", Use::Changed("the last number of the range")),
    ("list", Use::Changed("`categorical` or `discrete`")),
    ("step", Use::Changed("the numbers that the steps reach, as `discrete`")),
    ("distribution", Use::Kept("parameters.<name>.scale")),
];

/// More steps than this are as good as any number between.
const MANY_STEPS: f64 = 1000.0;

/// All parameters, in the order of the file.
pub(super) fn parameters(
    findings: &mut Findings,
    entry: &Entry,
    algorithm: Algorithm,
    spans: &mut Spans,
) -> IndexMap<String, Parameter> {
    spans.insert("parameters", Located::new((), entry).place);
    let mut parameters: IndexMap<String, Parameter> = IndexMap::new();
    for item in items(&entry.value) {
        let fields = findings.fields(item, "parameters[]", PARAMETER);
        if item.as_map().is_none() {
            continue;
        }
        let (Some(name), Some(space)) = (fields.entry("name"), fields.entry("feasibleSpace"))
        else {
            let field = if fields.entry("name").is_none() { "name" } else { "feasibleSpace" };
            findings.missing(item, &format!("parameters[].{field}"));
            continue;
        };
        let Some(text) = findings.text(&name.value, "parameters[].name") else { continue };
        let path = key_path("parameters", text);
        if let Some(first) = parameters.get(text).and_then(|_| spans.get(&path)) {
            let message = format!("the parameter `{text}` is given twice");
            findings.add(
                Diagnostic::error(Code::KatibTwice, message)
                    .at(name.value.span, "again here")
                    .at(first.value, "first here"),
            );
            continue;
        }
        let place = KeyedSpan { key: Some(name.value.span), value: name.value.span };
        spans.insert(path.as_str(), place);
        for field in ["double", "integer", "discrete", "categorical", "scale"] {
            spans.insert(key_path(&path, field), Located::new((), space).place);
        }
        if let Some(variant) = variant(findings, item, &fields, &space.value, algorithm) {
            parameters.insert(text.to_owned(), Parameter::One(Box::new(variant)));
        }
    }
    parameters
}

fn variant(
    findings: &mut Findings,
    item: &Node,
    fields: &Fields<'_>,
    node: &Node,
    algorithm: Algorithm,
) -> Option<Variant> {
    let Some(kind) = fields.get("parameterType") else {
        findings.missing(item, "parameters[].parameterType");
        return None;
    };
    let space = findings.fields(node, "feasibleSpace", SPACE);
    node.as_map()?;
    let scale = space.get("distribution").and_then(|node| scale(findings, node));
    let variant = match kind.as_text().unwrap_or_default() {
        "double" => double(findings, node, &space, algorithm)?,
        "int" => {
            let (low, high) = ends(findings, node, &space, Findings::whole)?;
            let step = space.get("step").and_then(|node| findings.whole(node, "step"));
            match step.filter(|step| *step > 1) {
                Some(step) => stepped(low as f64, high as f64, step as f64)
                    .map(|discrete| Variant { discrete: Some(discrete), ..Variant::default() })?,
                None => Variant { integer: Some(vec![low, high]), ..Variant::default() },
            }
        }
        "discrete" => {
            let list = list(findings, node, &space)?;
            let numbers = list.iter().filter_map(|item| findings.number(item, "list[]"));
            Variant { discrete: Some(numbers.collect()), ..Variant::default() }
        }
        "categorical" => {
            let list = list(findings, node, &space)?;
            let texts = list.iter().filter_map(|item| findings.text(item, "list[]"));
            let categorical = Some(texts.map(Word::from).collect());
            return Some(Variant { categorical, ..Variant::default() });
        }
        _ => {
            findings.wrong_type(kind, "parameterType", "double, int, discrete or categorical");
            return None;
        }
    };
    Some(Variant { scale, ..variant })
}

/// A range of numbers; with a step it is the numbers that the steps reach.
fn double(
    findings: &mut Findings,
    node: &Node,
    space: &Fields<'_>,
    algorithm: Algorithm,
) -> Option<Variant> {
    let (low, high) = ends(findings, node, space, Findings::number)?;
    let step = space.get("step").and_then(|node| Some((node, findings.number(node, "step")?)));
    if let Some((node, step)) = step.filter(|(_, step)| *step > 0.0) {
        if let Some(discrete) = stepped(low, high, step) {
            return Some(Variant { discrete: Some(discrete), ..Variant::default() });
        }
        if algorithm != Algorithm::Grid {
            let message = "more than 1000 steps: any number between is taken".to_owned();
            findings.instead(node, message, "write a larger step, or none");
        }
    }
    Some(Variant { double: Some(vec![low, high]), ..Variant::default() })
}

/// The numbers from one end on in steps; none where there are too many.
fn stepped(low: f64, high: f64, step: f64) -> Option<Vec<f64>> {
    let count = ((high - low) / step + 1e-9).floor();
    if !(0.0..MANY_STEPS).contains(&count) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in range")]
    let count = count as u32;
    // Rounded to what the step can tell apart: 0.1 + 2 * 0.1 is 0.3.
    let round = |number: f64| format!("{number:.12e}").parse().unwrap_or(number);
    Some((0..=count).map(|index| round(low + f64::from(index) * step)).collect())
}

fn ends<T>(
    findings: &mut Findings,
    node: &Node,
    space: &Fields<'_>,
    read: fn(&mut Findings, &Node, &str) -> Option<T>,
) -> Option<(T, T)> {
    let mut end = |name: &str| {
        let Some(value) = space.get(name) else {
            findings.missing(node, &format!("feasibleSpace.{name}"));
            return None;
        };
        read(findings, value, name)
    };
    let (low, high) = (end("min"), end("max"));
    low.zip(high)
}

fn list<'a>(findings: &mut Findings, node: &Node, space: &Fields<'a>) -> Option<&'a [Node]> {
    let list = space.get("list");
    if list.is_none() {
        findings.missing(node, "feasibleSpace.list");
    }
    list.map(items)
}

fn scale(findings: &mut Findings, node: &Node) -> Option<Scale> {
    match node.as_text().unwrap_or_default() {
        "uniform" => None,
        "logUniform" => Some(Scale::Log),
        name @ ("normal" | "logNormal") => {
            let message = format!("`{name}`: all values of the range are equally likely here");
            findings.instead(node, message, "write a narrower range if the middle is more likely");
            (name == "logNormal").then_some(Scale::Log)
        }
        _ => {
            let known = "uniform, logUniform, normal or logNormal";
            findings.wrong_type(node, "distribution", known);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_what_people_write() {
        assert_eq!(stepped(0.1, 0.5, 0.1), Some(vec![0.1, 0.2, 0.3, 0.4, 0.5]));
        assert_eq!(stepped(0.001, 1.0, 0.5), Some(vec![0.001, 0.501]));
        assert_eq!(stepped(1.0, 1.0, 5.0), Some(vec![1.0]));
        assert_eq!(stepped(0.0, 1.0, 1e-6), None);
        assert_eq!(stepped(1.0, 0.0, 0.1), None);
    }
}
