//! What the text behind `--set path=` means: by the schema of the place that it is for.
//!
//! Where a text belongs, every byte of it is that text. Elsewhere it is read as YAML, of which comments,
//! anchors and the like are no part: a text that would lose something is refused.

use serde_json::Value as Json;

use super::schema::{Reading, View, allowed, properties, types, view};
use super::walk::is_anything;
use crate::spec::kinds::Kind;
use crate::spec::syntax::{Code, Diagnostic, Node, Scalar, SourceSpan, Step, Value, parse};

/// What may stand in a place of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// Texts; quantities and words of an enumeration too.
    text: bool,
    /// Any text, also one that looks like something else.
    free: bool,
    /// Numbers and booleans.
    number: bool,
    list: bool,
    map: bool,
    nothing: bool,
    /// Quantities: texts that may be numbers.
    amount: bool,
}

impl Wanted {
    /// What a schema asks for; nothing where it takes anything.
    fn of(view: &View<'_>) -> Self {
        let Reading { verbatim, text, .. } = view.reading;
        let mut wanted = Self { free: verbatim || text, nothing: view.nullable, ..Self::default() };
        for shape in &view.shapes {
            if is_anything(shape) {
                return Self::default();
            }
            let is = |name: &str| types(shape).contains(&name);
            wanted.text |= is("string") || !allowed(shape).is_empty();
            wanted.number |= is("integer") || is("number") || is("boolean");
            wanted.list |= is("array");
            wanted.map |= is("object");
            wanted.amount |= !shape["x-mlctl-quantity"].is_null();
        }
        wanted
    }
}

/// The value that `text` gives to the place at the end of `steps`, in a document of this kind; none
/// where another system's document is changed. `span` is where the text is written.
pub(crate) fn given(
    text: &str,
    span: SourceSpan,
    kind: Option<&'static Kind>,
    steps: &[&Step],
) -> Result<Node, Vec<Diagnostic>> {
    let found = kind.and_then(|kind| place(kind, steps));
    let wanted = found.as_ref().map_or_else(Wanted::default, Wanted::of);
    let plain =
        |plain: bool| Node { span, value: Value::Scalar(Scalar { text: text.to_owned(), plain }) };
    if wanted == Wanted::default() && is_text_of_containers(steps) {
        return Ok(plain(false));
    }
    let is_null = matches!(text, "null" | "Null" | "NULL" | "~");
    let structured = text.trim_start().starts_with(['[', '{', '-']);
    if wanted.text && wanted.free {
        // `--name` alone, or a text: nothing tells which.
        if wanted.nothing && is_null && (wanted.list || wanted.map) {
            return Err(ambiguous(span, "nothing, or the text `null`"));
        }
        if wanted.list && text.trim_start().starts_with('[') && is_list(text) {
            return Err(ambiguous(span, "a list, or the text as it is"));
        }
        return Ok(plain(false));
    }
    if wanted.text && !(structured && (wanted.list || wanted.map)) {
        // A field that may be left out is left out, as by `image: null` in a file.
        if wanted.nothing && (text.is_empty() || is_null) {
            return Ok(Node::plain("", span));
        }
        return Ok(plain(wanted.amount || wanted.number && !text.is_empty()));
    }
    if !wanted.text && wanted != Wanted::default() && is_null {
        return Ok(Node::plain("", span));
    }
    match read(text, span) {
        // `{run}/model`, where a mapping might be too.
        Err(_) if wanted.text => Ok(plain(false)),
        Ok(node) if wanted.text && !is_meant(&node, found.as_ref()) => Ok(plain(false)),
        other => other,
    }
}

/// What is a text wherever containers are described: in a pod, and in other systems' files.
fn is_text_of_containers(steps: &[&Step]) -> bool {
    let key = |step: &Step, names: &[&str]| matches!(step, Step::Key(name) if names.contains(&name.as_str()));
    match steps {
        [.., list, Step::Index(_), field] if key(list, &["env"]) => key(field, &["name", "value"]),
        [.., list, Step::Index(_)] => key(list, &["args", "command"]),
        [.., field] => key(field, &["displayName", "imageUri", "image_uri", "image"]),
        [] => false,
    }
}

/// The schema at the end of a path; `None` where no field is called so.
fn place(kind: &'static Kind, steps: &[&Step]) -> Option<View<'static>> {
    let root = (kind.schema)();
    let mut here = view(root, root, Reading::default());
    for step in steps {
        let below: Vec<&Json> = here
            .shapes
            .iter()
            .filter_map(|shape| match step {
                Step::Index(_) => types(shape).contains(&"array").then(|| &shape["items"]),
                Step::Key(name) => {
                    let field = properties(shape).find(|(field, _)| *field == name.as_str());
                    let other = || Some(&shape["additionalProperties"]).filter(|s| s.is_object());
                    field.map(|(_, schema)| schema).or_else(other)
                }
            })
            .collect();
        let reading = here.reading;
        let mut next: Option<View<'static>> = None;
        for schema in below {
            let one = view(root, schema, reading);
            match &mut next {
                None => next = Some(one),
                Some(all) => {
                    all.shapes.extend(one.shapes);
                    all.nullable |= one.nullable;
                }
            }
        }
        here = next?;
    }
    Some(here)
}

/// A mapping with a field that the place has, or a list.
fn is_meant(node: &Node, view: Option<&View<'_>>) -> bool {
    let fields = view.into_iter().flat_map(|view| &view.shapes).flat_map(|shape| properties(shape));
    match &node.value {
        Value::List(_) => true,
        Value::Map(_) => fields.into_iter().any(|(name, _)| node.get(name).is_some()),
        Value::Scalar(_) => false,
    }
}

fn is_list(text: &str) -> bool {
    let parsed = parse(0, text);
    parsed.findings.is_empty() && matches!(&parsed.documents[..], [one] if one.as_list().is_some())
}

/// The text as YAML, if it says all of what is written.
fn read(text: &str, span: SourceSpan) -> Result<Node, Vec<Diagnostic>> {
    // Blanks stand in for the path, so that the spans fit the whole text.
    let padded = format!("{}{text}", " ".repeat(span.start));
    let mut parsed = parse(span.source, &padded);
    if !parsed.findings.is_empty() {
        return Err(parsed.findings);
    }
    let node = match parsed.documents.len() {
        0 => return Err(lost(span, "there is nothing behind the `=`")),
        1 => parsed.documents.swap_remove(0),
        _ => return Err(lost(span, "more than one value")),
    };
    let before = &padded[..node.span.start.min(padded.len())];
    let behind = &padded[node.span.end.min(padded.len())..];
    if !before.trim().is_empty() || !behind.trim().is_empty() || !says_all(&node, &padded) {
        return Err(lost(span, "a part of the value would be lost"));
    }
    Ok(node)
}

/// No tag, anchor or comment stands before a value, and no line break is folded into a blank.
fn says_all(node: &Node, text: &str) -> bool {
    let before = text[..node.span.start.min(text.len())].trim_end();
    let written = &text[node.span.start.min(text.len())..node.span.end.min(text.len())];
    let is_bare = before.is_empty() || before.ends_with(['[', '{', ',', ':', '-', '?']);
    match &node.value {
        Value::Scalar(scalar) if node.span.start == node.span.end => scalar.text.is_empty(),
        Value::Scalar(scalar) => {
            // A line break within quotes becomes a blank.
            let is_quoted = written.starts_with(['"', '\'']) && !written.contains(['\n', '\r']);
            is_bare && (written == scalar.text || is_quoted)
        }
        Value::List(items) => is_bare && items.iter().all(|item| says_all(item, text)),
        Value::Map(entries) => is_bare && entries.iter().all(|entry| says_all(&entry.value, text)),
    }
}

fn ambiguous(span: SourceSpan, what: &str) -> Vec<Diagnostic> {
    vec![
        Diagnostic::error(Code::BadSet, format!("this could be {what}"))
            .at(span, "")
            .help(
                "give the items one by one, `args.NAME[0]=...`, or say all of it in a mapping: `args={NAME: \
                 \"...\"}` for a text, `args={NAME: [...]}` for a list, `args={NAME: null}` for `--NAME` alone",
            ),
    ]
}

fn lost(span: SourceSpan, why: &str) -> Vec<Diagnostic> {
    vec![Diagnostic::error(Code::BadSet, why).at(span, "").help(
        "this place takes YAML: put a text with `#`, `&`, `*`, `!`, `|` or blanks at its ends in it, or an \
         empty one, into double quotes, within those of your shell, and a line break as `\\n` there: `--set \
         'PATH=\"...\"'`",
    )]
}
