//! Texts, numbers, booleans, quantities and enumerations.

use serde_json::Value as Json;

use super::meant::meant;
use super::schema::{Reading, allowed, types};
use super::shapes::{expected, fits};
use super::walk::{At, Walk};
use crate::spec::syntax::SourceSpan;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Meaning, Node, Scalar};
use crate::spec::syntax::{Problem, Within, expand};
use crate::text::{Amount, ByteSize, CpuQuantity, Percent, Span};
use crate::text::{list_of, nearest};

/// No process starts in less memory, in bytes.
const LEAST_MEMORY: u64 = 1 << 20;

impl Walk<'_> {
    /// Checks a scalar against the shapes that are allowed in its place.
    pub(crate) fn scalar(
        &mut self,
        node: &Node,
        scalar: &Scalar,
        shapes: &[&Json],
        reading: Reading,
        at: &At,
    ) -> Json {
        let values: Vec<_> = shapes.iter().flat_map(|shape| allowed(shape)).collect();
        if !values.is_empty() {
            return self.enumeration(node, scalar, &values, at);
        }
        let Some(shape) = shapes.iter().find(|shape| fits(node, shape, reading)) else {
            self.wrong_scalar(node, scalar, shapes, at);
            return Json::Null;
        };
        if let Some(quantity) = shape["x-mlctl-quantity"].as_str() {
            return self.quantity(node, scalar, quantity, at);
        }
        if types(shape).contains(&"string") {
            return self.text(node, scalar, reading, at);
        }
        let value = node.to_json();
        let numeric = types(shape).iter().any(|name| matches!(*name, "integer" | "number"));
        // Infinity is no number in JSON, and a whole number beyond 64 bits none in memory.
        let whole = !types(shape).contains(&"integer")
            || value.is_i64()
            || value.is_u64()
            || too_large_for_its_type(&value, shape).is_some();
        if numeric && !(value.is_number() && whole) {
            let finding = Diagnostic::error(
                Code::OutOfRange,
                format!("{}: `{}` is beyond all numbers that can be used", at.name(), scalar.text),
            )
            .at(node.span, "no number that can be used");
            self.wrong(at, finding);
            return Json::Null;
        }
        self.range(node, &value, shape, at);
        value
    }

    fn text(&mut self, node: &Node, scalar: &Scalar, reading: Reading, at: &At) -> Json {
        if reading.verbatim || !reading.expand {
            return scalar.text.clone().into();
        }
        let expanded = expand(
            &scalar.text,
            self.input.env,
            Within { params: self.input.params, command: reading.command },
        );
        if expanded.from_env {
            self.from_env.push(at.path.clone());
        }
        for problem in expanded.problems {
            let finding = match problem {
                Problem::Unset { name, at: written } => Diagnostic::error(
                    Code::UnsetVariable,
                    format!("{}: the variable `{name}` is not set", at.name()),
                )
                .at(self.part(node.span, &written), "not set")
                .help(format!(
                    "set {name} in your environment, give a default with `${{{name}:-default}}`, \
                     or write `$$` for a plain dollar"
                )),
                Problem::Malformed { at: written } => Diagnostic::error(
                    Code::BadReference,
                    format!("{}: `{written}` is not a reference to a variable", at.name()),
                )
                .at(self.part(node.span, &written), "")
                .help("write `${NAME}` or `${NAME:-default}`; `$$` is a plain dollar"),
            };
            self.wrong(at, finding);
        }
        expanded.text.into()
    }

    /// The place of a part of a value, if it stands in the text as it is.
    fn part(&self, span: SourceSpan, written: &str) -> SourceSpan {
        let text =
            self.input.sources.get(span.source).and_then(|s| s.text.get(span.start..span.end));
        text.and_then(|text| text.find(written)).map_or(span, |at| SourceSpan {
            start: span.start + at,
            end: span.start + at + written.len(),
            ..span
        })
    }

    fn enumeration(
        &mut self,
        node: &Node,
        scalar: &Scalar,
        values: &[(&str, &str)],
        at: &At,
    ) -> Json {
        let names: Vec<&str> = values.iter().map(|(name, _)| *name).collect();
        if names.contains(&scalar.text.as_str()) {
            return scalar.text.clone().into();
        }
        let allowed = list_of(&names, "or");
        let message = if scalar.text.is_empty() {
            format!("{}: a value is missing", at.name())
        } else {
            format!("{}: unknown value `{}`", at.name(), scalar.text)
        };
        let finding = Diagnostic::error(Code::UnknownValue, message)
            .at(at.place(node), "not an allowed value");
        let help = match nearest(&scalar.text, names.iter().copied()) {
            Some(name) if names.len() > 1 => {
                format!("did you mean `{name}`? Allowed are {}", list_of(&names, "and"))
            }
            _ => format!("write {allowed}"),
        };
        self.wrong(at, finding.help(help));
        Json::Null
    }

    fn quantity(&mut self, node: &Node, scalar: &Scalar, quantity: &str, at: &At) -> Json {
        let error = match quantity {
            "Cpu" => scalar.text.parse::<CpuQuantity>().err(),
            "Memory" => scalar.text.parse::<ByteSize>().err(),
            "Amount" => scalar.text.parse::<Amount>().err(),
            "Percent" => scalar.text.parse::<Percent>().err(),
            _ => scalar.text.parse::<Span>().err(),
        };
        let text = scalar.text.as_str();
        let Some(error) = error else {
            if quantity == "Memory" && text.parse::<u64>().is_ok_and(|bytes| bytes < LEAST_MEMORY) {
                self.bytes_without_unit(node, text, at);
            }
            return text.into();
        };
        let message = error.to_string();
        let (what, examples) = message.split_once(": ").unwrap_or((message.as_str(), ""));
        let help = if text.contains("${") {
            let path = &at.path;
            format!("nothing is replaced in this field: use `--set {path}=...` for what varies")
        } else if quantity == "Duration" && text.parse::<f64>().is_ok() {
            format!("a duration has a unit: write {text}s for seconds, {text}m for minutes")
        } else if quantity == "Percent" && text.parse::<f64>().is_ok() {
            percent_of(text)
        } else if quantity == "Memory" && text.to_lowercase().ends_with('b') {
            let unit = text.trim_end_matches(['b', 'B', 'i']);
            format!("write {unit}i (powers of 1024), or {unit} (powers of 1000)")
        } else {
            examples.to_owned()
        };
        self.wrong(
            at,
            Diagnostic::error(Code::BadQuantity, format!("{}: {what}", at.name()))
                .at(node.span, format!("expected {}", quantity_name(quantity)))
                .help(help),
        );
        Json::Null
    }

    /// `memory: 512` is a number of bytes in which no process starts: a unit was meant.
    fn bytes_without_unit(&mut self, node: &Node, text: &str, at: &At) {
        self.wrong(
            at,
            Diagnostic::error(
                Code::BadQuantity,
                format!("{}: a number without a unit is bytes, and {text} are too few", at.name()),
            )
            .at(node.span, "bytes")
            .help(format!("write {text}Mi or {text}Gi")),
        );
    }

    fn range(&mut self, node: &Node, value: &Json, shape: &Json, at: &At) {
        let Some(number) = value.as_f64() else { return };
        let (low, mut high) = (shape["minimum"].as_f64(), shape["maximum"].as_f64());
        let too_large = if let Some(largest) = too_large_for_its_type(value, shape) {
            high = high.or(Some(largest));
            true
        } else {
            high.is_some_and(|high| number > high)
        };
        if low.is_none_or(|low| number >= low) && !too_large {
            return;
        }
        let below = low.is_some_and(|low| number < low);
        let limits = match (low, high) {
            (Some(low), Some(high)) => format!("from {low} to {high}"),
            (Some(low), None) => format!("at least {low}"),
            (None, Some(high)) => format!("at most {high}"),
            (None, None) => return,
        };
        let mut finding = Diagnostic::error(
            Code::OutOfRange,
            format!("{}: {number} is too {}", at.name(), if below { "small" } else { "large" }),
        )
        .at(node.span, format!("must be {limits}"));
        if number == 0.0 && at.path.ends_with(".replicas") {
            finding = finding.help("leave the role out when nothing of it should run");
        } else if number == 0.0 && at.path.ends_with("accelerators.count") {
            finding = finding.help("leave `accelerators` out when none is needed");
        }
        self.wrong(at, finding);
    }

    fn wrong_scalar(&mut self, node: &Node, scalar: &Scalar, shapes: &[&Json], at: &At) {
        let meaning = scalar.meaning();
        let wants = |name: &str| shapes.iter().any(|shape| types(shape).contains(&name));
        let text = scalar.text.as_str();
        let field = at.path.rsplit('.').next().unwrap_or_default();
        let (expected, mut found) = (expected(shapes), node.describe());
        let mut help = None;
        if wants("string") && meaning == Meaning::Null {
            help = Some(if text.is_empty() {
                "give it a value; an empty text is written \"\"".into()
            } else {
                format!(
                    "give it a value, or leave it out; the word itself needs quotes: \"{text}\""
                )
            });
        } else if wants("string") {
            help = Some(format!("put it in quotes: \"{text}\""));
        } else if (wants("integer") || wants("boolean"))
            && !scalar.plain
            && !matches!(
                Scalar { text: text.to_owned(), plain: true }.meaning(),
                Meaning::Text | Meaning::Null
            )
        {
            found = "a text in quotes";
            help = Some(format!("write {text} without quotes"));
        } else if wants("integer") {
            help = Some(format!("for example `{field}: 2`"));
        } else if wants("boolean") {
            help = match text.to_lowercase().as_str() {
                "yes" | "on" | "y" => Some("write true".into()),
                "no" | "off" | "n" => Some("write false".into()),
                _ => None,
            };
        } else if wants("array") && meaning == Meaning::Null {
            help = Some(format!("give it items, or leave `{field}` out"));
        } else if let Some(meant) = meant(scalar, at) {
            help = Some(meant);
        } else if wants("array") && (field == "command" || field == "args") {
            let words: Vec<&str> = text.split_whitespace().collect();
            help = Some(format!("write each word as an item: `{field}: [{}]`", words.join(", ")));
        } else if wants("array") && at.path == "metrics" {
            help = Some(format!("write `metrics: [{{name: {text}, goal: maximize}}]`"));
        } else if wants("object") && at.path.starts_with("metrics[") {
            help = Some(format!("write `{{name: {text}, goal: maximize}}`"));
        } else if wants("object") && at.path.starts_with("parameters.") {
            help = Some(format!(
                "write what it may be: `{field}: {{double: [low, high]}}`; what is the same in all \
                 trials stands in the trial"
            ));
        } else if wants("object") && at.path == "trial" {
            help = Some("write `trial: {file: train.yaml}`, or a TrainJob below `trial:`".into());
        } else if wants("array") {
            help = Some(format!("write a list: `{field}: [...]`"));
        } else if wants("object") && at.path.starts_with("roles.") {
            help = Some(format!("write `{field}: {{replicas: {text}}}`"));
        }
        let finding = Diagnostic::error(
            Code::WrongType,
            format!("{}: expected {expected}, found {found}", at.name()),
        )
        .at(at.place(node), format!("expected {expected}"));
        self.wrong(
            at,
            match help {
                Some(help) => finding.help(help),
                None => finding,
            },
        );
    }
}

/// The largest number of the field's type in memory, when the value is beyond it.
fn too_large_for_its_type(value: &Json, shape: &Json) -> Option<f64> {
    let positive = value.as_f64().is_some_and(|number| number > 0.0);
    match shape["format"].as_str()? {
        "uint32" if positive && value.as_u64().is_none_or(|n| n > u32::MAX.into()) => {
            Some(u32::MAX.into())
        }
        "int64" if positive && value.as_i64().is_none() => Some(i64::MAX as f64),
        _ => None,
    }
}

fn quantity_name(quantity: &str) -> &'static str {
    match quantity {
        "Cpu" => "a number of cores",
        "Memory" => "an amount of memory",
        "Amount" => "an amount of money",
        "Percent" => "a part in percent",
        _ => "a duration",
    }
}

/// What to write in place of a bare number, which may mean a part of one or of a hundred.
fn percent_of(text: &str) -> String {
    let number: f64 = text.parse().unwrap_or_default();
    if number > 0.0 && number < 1.0 {
        // Rounded, because a hundred times 0.07 is 7.000000000000001.
        let percent = (number * 1e8).round() / 1e6;
        format!(
            "write the sign: {percent}% for this part of one, {text}% for less than one percent"
        )
    } else {
        format!("write the sign: {text}%")
    }
}
