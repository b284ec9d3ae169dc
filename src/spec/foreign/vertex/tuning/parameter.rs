//! `parameters`: nested specs become variants with conditions.

use indexmap::IndexMap;

use super::study::word;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::tune::{Choices, Parameter, Scale, Variant, Word};
use crate::spec::syntax::{Code, Diagnostic, Entry, KeyedSpan, Node, Spans, index_path, key_path};

pub(in crate::spec::foreign::vertex) const PARAMETER: Table = &[
    ("parameterId", Use::Changed("the name in `parameters`")),
    ("doubleValueSpec", Use::Within),
    ("integerValueSpec", Use::Within),
    ("categoricalValueSpec", Use::Within),
    ("discreteValueSpec", Use::Within),
    ("scaleType", Use::Kept("parameters.<name>.scale")),
    ("conditionalParameterSpecs", Use::Within),
];
pub(in crate::spec::foreign::vertex) const RANGE: Table = &[
    ("minValue", Use::Changed("the first number of the range")),
    ("maxValue", Use::Changed("the last number of the range")),
    ("defaultValue", Use::Changed("a trial of `baseline`")),
];
pub(in crate::spec::foreign::vertex) const VALUES: Table = &[
    ("values", Use::Changed("`categorical` or `discrete`")),
    ("defaultValue", Use::Changed("a trial of `baseline`")),
];
pub(in crate::spec::foreign::vertex) const CONDITION: Table = &[
    ("parentDiscreteValues", Use::Within),
    ("parentIntValues", Use::Within),
    ("parentCategoricalValues", Use::Within),
    ("parameterSpec", Use::Within),
];
pub(in crate::spec::foreign::vertex) const PARENT_VALUES: Table =
    &[("values", Use::Kept("parameters.<name>.when"))];

/// Specs are not nested deeper; the parser has a limit of its own for all documents.
const MAX_DEPTH: usize = 16;

/// A variant of a parameter and where its parts are written, by their paths within it.
struct Found {
    name: String,
    place: KeyedSpan,
    variant: Variant,
    spans: Vec<(String, KeyedSpan)>,
}

/// Where specs are gathered.
struct Reader<'a> {
    findings: &'a mut Findings,
    found: Vec<Found>,
    defaults: IndexMap<String, Word>,
}

/// All parameters, and the starting point that they name.
pub(super) fn parameters(
    findings: &mut Findings,
    entry: &Entry,
    spans: &mut Spans,
) -> (IndexMap<String, Parameter>, Vec<IndexMap<String, Word>>) {
    spans.insert("parameters", Located::new((), entry).place);
    let mut reader = Reader { findings, found: Vec::new(), defaults: IndexMap::new() };
    for item in items(&entry.value) {
        reader.spec(item, None, MAX_DEPTH);
    }
    let Reader { findings, found, defaults } = reader;
    let mut named: IndexMap<String, Vec<Found>> = IndexMap::new();
    for one in found {
        named.entry(one.name.clone()).or_default().push(one);
    }
    let mut parameters = IndexMap::new();
    for (name, variants) in named {
        let base = key_path("parameters", &name);
        if let [first, second, ..] = &variants[..]
            && second.variant.when.is_empty()
        {
            findings.add(
                Diagnostic::error(
                    Code::VertexTwice,
                    format!("the parameter `{name}` is given twice"),
                )
                .at(second.place.value, "again here")
                .at(first.place.value, "first here"),
            );
            continue;
        }
        spans.insert(base.as_str(), variants[0].place);
        let is_alone = variants.len() == 1;
        for (index, found) in variants.iter().enumerate() {
            let base = if is_alone { base.clone() } else { index_path(&base, index) };
            spans.insert(base.as_str(), found.place);
            for (path, place) in &found.spans {
                spans.insert(format!("{base}.{path}"), *place);
            }
        }
        let mut variants: Vec<Variant> = variants.into_iter().map(|found| found.variant).collect();
        let parameter = match variants.pop() {
            Some(only) if variants.is_empty() => Parameter::One(Box::new(only)),
            last => Parameter::Several(variants.into_iter().chain(last).collect()),
        };
        parameters.insert(name, parameter);
    }
    let baseline = if defaults.is_empty() { Vec::new() } else { vec![defaults] };
    (parameters, baseline)
}

impl Reader<'_> {
    /// A spec with all that depends on it. `when` is what it depends on itself.
    fn spec(&mut self, node: &Node, when: Option<(&str, Choices, KeyedSpan)>, depth: usize) {
        let fields = self.findings.fields(node, "parameters[]", PARAMETER);
        if node.as_map().is_none() || depth == 0 {
            return;
        }
        let Some(id) = fields.entry("parameterId") else {
            self.findings.add(
                Diagnostic::error(Code::VertexMissing, "`parameters[].parameterId` is missing")
                    .at(node.span, ""),
            );
            return;
        };
        let Some(name) = self.findings.text(&id.value, "parameterId") else { return };
        let mut found = Found {
            name: name.to_owned(),
            place: KeyedSpan { key: Some(id.value.span), value: id.value.span },
            variant: Variant::default(),
            spans: Vec::new(),
        };
        let conditional = when.is_some();
        if let Some((parent, choices, place)) = when {
            found.spans.push(("when".to_owned(), place));
            found.spans.push((key_path("when", parent), place));
            found.variant.when.insert(parent.to_owned(), choices);
        }
        self.domain(&fields, &mut found, node, !conditional);
        if let Some(scale) = fields.entry("scaleType") {
            found.spans.push(("scale".to_owned(), Located::new((), scale).place));
            found.variant.scale = self.scale(&scale.value);
        }
        self.found.push(found);
        let Some(children) = fields.get("conditionalParameterSpecs") else { return };
        for child in items(children) {
            self.child(name, child, depth);
        }
    }

    fn child(&mut self, parent: &str, node: &Node, depth: usize) {
        let fields = self.findings.fields(node, "conditionalParameterSpecs[]", CONDITION);
        if node.as_map().is_none() {
            return;
        }
        let kinds = ["parentDiscreteValues", "parentIntValues", "parentCategoricalValues"];
        let given = kinds.iter().find_map(|kind| Some((*kind, fields.entry(kind)?)));
        let (Some((kind, values)), Some(spec)) = (given, fields.get("parameterSpec")) else {
            let what = if given.is_none() { "parentCategoricalValues" } else { "parameterSpec" };
            let message = format!("`conditionalParameterSpecs[].{what}` is missing");
            self.findings
                .add(Diagnostic::error(Code::VertexMissing, message).at(node.span, "").help(
                "it has values of the parent, and the spec of the parameter that depends on them",
            ));
            return;
        };
        let list = match values.value.as_map() {
            Some(_) => self.findings.fields(&values.value, kind, PARENT_VALUES).get("values"),
            None => Some(&values.value),
        };
        let Some(list) = list else { return };
        let words = items(list).iter().filter_map(|item| self.findings.text(item, kind));
        let words = words.map(Word::from).collect();
        let place = Located::new((), values).place;
        self.spec(spec, Some((parent, Choices::Several(words), place)), depth - 1);
    }

    fn domain(
        &mut self,
        fields: &crate::spec::foreign::common::fields::Fields<'_>,
        found: &mut Found,
        node: &Node,
        is_root: bool,
    ) {
        let kinds =
            ["doubleValueSpec", "integerValueSpec", "categoricalValueSpec", "discreteValueSpec"];
        let given: Vec<(&str, &Entry)> =
            kinds.iter().filter_map(|kind| Some((*kind, fields.entry(kind)?))).collect();
        let [(kind, entry)] = given[..] else {
            let message = match given.len() {
                0 => format!("`{}` has no values", found.name),
                _ => format!("`{}` has several kinds of values", found.name),
            };
            let (code, at) = match given.get(1) {
                Some((_, second)) => (Code::VertexTwice, second.key.span),
                None => (Code::VertexMissing, node.span),
            };
            let help = "write one of doubleValueSpec, integerValueSpec, categoricalValueSpec and \
                        discreteValueSpec";
            self.findings.add(Diagnostic::error(code, message).at(at, "").help(help));
            return;
        };
        let place = Located::new((), entry).place;
        let default = match kind {
            "doubleValueSpec" | "integerValueSpec" => {
                let own = self.findings.fields(&entry.value, kind, RANGE);
                if kind == "doubleValueSpec" {
                    found.spans.push(("double".to_owned(), place));
                    found.variant.double = self.range(&own, entry, Findings::number);
                } else {
                    found.spans.push(("integer".to_owned(), place));
                    found.variant.integer = self.range(&own, entry, Findings::whole);
                }
                own.get("defaultValue")
            }
            _ => {
                let own = match entry.value.as_map() {
                    Some(_) => Some(self.findings.fields(&entry.value, kind, VALUES)),
                    None => None,
                };
                let list = own.as_ref().map_or(Some(&entry.value), |own| own.get("values"));
                let values = list.map(items).unwrap_or_default();
                if kind == "discreteValueSpec" {
                    found.spans.push(("discrete".to_owned(), place));
                    let numbers =
                        values.iter().filter_map(|value| self.findings.number(value, "values[]"));
                    found.variant.discrete = Some(numbers.collect());
                } else {
                    found.spans.push(("categorical".to_owned(), place));
                    let texts =
                        values.iter().filter_map(|value| self.findings.text(value, "values[]"));
                    found.variant.categorical = Some(texts.map(Word::from).collect());
                }
                own.and_then(|own| own.get("defaultValue"))
            }
        };
        // What depends on others may not count at the starting point.
        if let Some(default) = default.filter(|_| is_root)
            && let Some(text) = default.as_text()
        {
            self.defaults.insert(found.name.clone(), text.into());
        }
    }

    fn range<T>(
        &mut self,
        fields: &crate::spec::foreign::common::fields::Fields<'_>,
        entry: &Entry,
        read: fn(&mut Findings, &Node, &str) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut ends = Vec::new();
        for name in ["minValue", "maxValue"] {
            let Some(value) = fields.get(name) else {
                if entry.value.as_map().is_some() {
                    let message = format!("`{}.{name}` is missing", entry.key.text);
                    self.findings.add(
                        Diagnostic::error(Code::VertexMissing, message).at(entry.key.span, ""),
                    );
                }
                return None;
            };
            ends.push(read(self.findings, value, name)?);
        }
        Some(ends)
    }

    fn scale(&mut self, node: &Node) -> Option<Scale> {
        match word(self.findings, node, "scaleType")?.as_str() {
            "SCALE_TYPE_UNSPECIFIED" | "UNSPECIFIED" | "0" => None,
            "UNIT_LINEAR_SCALE" | "LINEAR" | "1" => Some(Scale::Linear),
            "UNIT_LOG_SCALE" | "LOG" | "2" => Some(Scale::Log),
            "UNIT_REVERSE_LOG_SCALE" | "REVERSE_LOG" | "3" => Some(Scale::ReverseLog),
            _ => {
                let known = "UNIT_LINEAR_SCALE, UNIT_LOG_SCALE or UNIT_REVERSE_LOG_SCALE";
                self.findings.wrong_type(node, "scaleType", known);
                None
            }
        }
    }
}
