//! The walk over tree and schema, which also builds the value that serde gets.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json};

use super::gaps::Gap;
use super::schema::{Reading, View, allowed, properties, required, types, view};
use crate::spec::kinds::Kind;
use crate::spec::syntax::Diagnostic;
use crate::spec::syntax::{Node, Value, index_path, key_path};
use crate::spec::syntax::{Source, SourceSpan};

/// What a document is checked against.
#[derive(Clone, Copy)]
pub(crate) struct Input<'a> {
    /// The document's kind.
    pub kind: &'static Kind,
    /// The whole schema of the kind.
    pub schema: &'a Json,
    /// The environment: values for `${VAR}` by the name of the variable.
    pub env: &'a IndexMap<String, String>,
    /// The texts that spans point into.
    pub sources: &'a [Source],
    /// `${params.NAME}` stands for a parameter of a study: the document is a study, or its trial.
    pub params: bool,
}

/// What a check finds out about a document.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// The document by the schema: quantities and verbatim fields are texts.
    pub value: Json,
    /// What is wrong; empty when the value is a document of the kind.
    pub findings: Vec<Diagnostic>,
    /// The parts that the findings are about; there is one wherever there is a finding.
    pub gaps: Vec<Gap>,
    /// Paths whose value came from the environment.
    pub from_env: Vec<String>,
}

/// Checks a whole document against the schema of its kind.
pub(crate) fn check(node: &Node, input: Input<'_>) -> Checked {
    let mut walk = Walk { input, findings: Vec::new(), gaps: Vec::new(), from_env: Vec::new() };
    let view = view(input.schema, input.schema, Reading::default());
    let at = At { path: String::new(), key: None };
    let value = walk.value(node, &view, &at);
    Checked { value, findings: walk.findings, gaps: walk.gaps, from_env: walk.from_env }
}

/// The state of a walk.
pub(crate) struct Walk<'a> {
    pub(crate) input: Input<'a>,
    findings: Vec<Diagnostic>,
    gaps: Vec<Gap>,
    pub(crate) from_env: Vec<String>,
}

/// Which value of the document the walk looks at.
pub(crate) struct At {
    /// The value's path, such as `roles.worker.cpu`; empty for the document.
    pub(crate) path: String,
    /// Where its key is written; `None` for items of lists and for the document.
    pub(crate) key: Option<SourceSpan>,
}

impl At {
    /// What to call this place: its path, or the document.
    pub(crate) fn name(&self) -> String {
        if self.path.is_empty() { "the spec".into() } else { format!("`{}`", self.path) }
    }

    /// The place to underline: a long value is better shown by its key.
    pub(crate) fn place(&self, node: &Node) -> SourceSpan {
        match (&node.value, self.key) {
            (Value::Scalar(scalar), Some(key)) if scalar.text.is_empty() && scalar.plain => key,
            (Value::Scalar(_), _) | (_, None) => node.span,
            (_, Some(key)) => key,
        }
    }
}

/// Of several mappings that may stand here, the one that is meant: it has all that it needs, or has
/// more of the fields; else the first.
fn best_of<'a>(fitting: &[&'a Json], node: &Node) -> Option<&'a Json> {
    let score = |shape: &Json| {
        let needed = required(shape);
        let has = |name: &str| node.get(name).is_some();
        let whole = if needed.iter().all(|name| has(name)) { needed.len() } else { 0 };
        (whole, properties(shape).filter(|(name, _)| has(name)).count())
    };
    if fitting.len() < 2 || node.as_map().is_none() {
        return fitting.first().copied();
    }
    let scored = fitting.iter().map(|shape| (score(shape), *shape));
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, shape)| shape)
}

/// A schema that says nothing, as below a volume's source.
pub(crate) fn is_anything(shape: &Json) -> bool {
    types(shape).is_empty() && allowed(shape).is_empty()
}

impl<'a> Walk<'a> {
    /// A finding, and the part of the document that says nothing because of it.
    pub(crate) fn refuse(&mut self, gap: Gap, finding: Diagnostic) {
        self.gaps.push(gap);
        self.findings.push(finding);
    }

    /// A part that says nothing, for a reason that is told elsewhere.
    pub(crate) fn gap(&mut self, gap: Gap) {
        self.gaps.push(gap);
    }

    /// A finding about the value that stands here.
    pub(crate) fn wrong(&mut self, at: &At, finding: Diagnostic) {
        self.refuse(Gap::Value(at.path.clone()), finding);
    }

    /// Checks one value; the result is null where nothing sensible came of it.
    pub(crate) fn value(&mut self, node: &Node, view: &View<'a>, at: &At) -> Json {
        if node.is_null() {
            if view.nullable {
                return Json::Null;
            }
            // `worker:` with nothing behind it is a role that says nothing.
            if let [shape] = view.shapes[..]
                && types(shape) == ["object"]
                && required(shape).is_empty()
            {
                return Json::Object(Map::new());
            }
        }
        let fitting: Vec<&Json> = view
            .shapes
            .iter()
            .copied()
            .filter(|shape| super::shapes::fits(node, shape, view.reading))
            .collect();
        match (best_of(&fitting, node), &node.value) {
            (Some(shape), _) if is_anything(shape) => node.to_json(),
            (Some(shape), Value::Map(_)) => self.map(node, shape, view.reading, at),
            (Some(shape), Value::List(items)) => self.list(items, shape, view.reading, at),
            (_, Value::Scalar(scalar)) if !view.shapes.is_empty() => {
                self.scalar(node, scalar, &view.shapes, view.reading, at)
            }
            _ => {
                self.wrong_shape(node, &view.shapes, at);
                Json::Null
            }
        }
    }

    fn list(&mut self, items: &[Node], shape: &'a Json, reading: Reading, at: &At) -> Json {
        let item_view = view(self.input.schema, &shape["items"], reading);
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let at = At { path: index_path(&at.path, index), key: None };
            list.push(self.value(item, &item_view, &at));
        }
        list.into()
    }

    fn map(&mut self, node: &Node, shape: &'a Json, reading: Reading, at: &At) -> Json {
        let entries = node.as_map().unwrap_or_default();
        let required = required(shape);
        let mut map = Map::new();
        for entry in entries {
            let name = entry.key.text.as_str();
            let field = properties(shape).find(|(field, _)| *field == name).map(|(_, field)| field);
            // Without `additionalProperties` anything may be there, as in a volume's source.
            let schema = field.or_else(|| match &shape["additionalProperties"] {
                Json::Bool(false) => None,
                Json::Null => Some(&Json::Bool(true)),
                more => Some(more),
            });
            let Some(schema) = schema else {
                // Somewhere to keep values that anchors mark, as Compose files have it.
                if at.path.is_empty() && name.starts_with("x-") {
                    continue;
                }
                self.unknown_field(node, entry, shape, at);
                continue;
            };
            let below = At { path: key_path(&at.path, name), key: Some(entry.key.span) };
            let field_view = view(self.input.schema, schema, reading);
            let commented_out = entry.value.is_null()
                && !field_view.nullable
                && field.is_some()
                && !required.contains(&name);
            if !commented_out {
                map.insert(name.to_owned(), self.value(&entry.value, &field_view, &below));
            }
        }
        let absent = |name: &&str| !entries.iter().any(|entry| entry.key.text == **name);
        for name in required.into_iter().filter(absent) {
            self.missing_field(node, shape, name, at);
        }
        Json::Object(map)
    }
}
