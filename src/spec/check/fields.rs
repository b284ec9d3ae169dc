//! Fields that don't exist, and fields that are missing.

use serde_json::Value as Json;

use super::gaps::Gap;
use super::schema::{properties, required};
use super::walk::{At, Walk};
use crate::spec::kinds::registry::API_VERSION;
use crate::spec::kinds::{Kind, Named};
use crate::spec::syntax::SourceSpan;
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Entry, Node, Value, key_path};
use crate::text::{list_of, nearest};

/// More names than this are not listed.
const FEW: usize = 8;

impl Walk<'_> {
    /// A key that no field has.
    pub(crate) fn unknown_field(&mut self, node: &Node, entry: &Entry, shape: &Json, at: &At) {
        let name = entry.key.text.as_str();
        let place = if at.path.is_empty() { String::new() } else { format!(" in `{}`", at.path) };
        let known: Vec<&str> = properties(shape)
            .map(|(field, _)| field)
            .filter(|field| node.get(field).is_none())
            .collect();
        let finding =
            Diagnostic::error(Code::UnknownField, format!("unknown field `{name}`{place}"));
        // A file's name alone is no document of the other kind.
        let is_document = properties(shape).any(|(field, _)| field == "kind");
        let whole = self.input.kind;
        let (kind, path, base) = if is_document || at.path.contains('.') {
            whole.at(&at.path)
        } else {
            (whole, at.path.as_str(), "")
        };
        let here = Here { kind, path, base };
        let habit = kind.habit(name, path);
        let near = nearest(name, known.iter().copied()).filter(|_| habit.is_none());
        let misplaced = field_among_names(here).filter(|_| near.is_none());
        let gap = match &misplaced {
            Some(_) => Gap::Value(at.path.clone()),
            None => Gap::Field { path: key_path(&at.path, name), meant: near.map(str::to_owned) },
        };
        let (label, help) = if let Some(help) = habit {
            ("not a field here", filled(help, &entry.value))
        } else if let Some(near) = near {
            ("unknown field", format!("did you mean `{near}`?"))
        } else if let Some(help) = misplaced {
            ("not a field here", help)
        } else if let Some(help) = belongs_elsewhere(entry, here) {
            ("not a field here", help)
        } else if known.len() <= FEW {
            let rest = match known[..] {
                [] => "there is nothing else to say here: remove it".to_owned(),
                [one] => format!("the only other field here is `{one}`"),
                _ => format!("the other fields here are {}", list_of(&known, "and")),
            };
            ("unknown field", rest)
        } else {
            let path = if at.path.is_empty() { String::new() } else { format!(".{}", at.path) };
            (
                "unknown field",
                format!("`mlctl explain {}{path}` lists the fields", self.input.kind.name),
            )
        };
        self.refuse(gap, finding.at(entry.key.span, label).help(help));
    }

    /// A required field is not there.
    pub(crate) fn missing_field(&mut self, node: &Node, shape: &Json, name: &str, at: &At) {
        // `metadata:` has been refused already, with what to do.
        if name == "name" && node.get("metadata").is_some_and(|meta| meta.get("name").is_some()) {
            self.gap(Gap::Lack { path: at.path.clone(), field: name.to_owned() });
            return;
        }
        let place = if at.path.is_empty() { String::new() } else { format!(" in `{}`", at.path) };
        let place_of_node = at.key.filter(|_| is_long(node)).unwrap_or_else(|| beginning(node));
        let help = match (name, at.path.as_str()) {
            ("apiVersion", "") => format!("add `apiVersion: {API_VERSION}`"),
            ("kind", "") => format!("add `kind: {}`", self.input.kind.name),
            ("name", "") => format!(
                "add a name of lower-case letters, digits and `-`: `name: {}`",
                self.input.kind.example
            ),
            _ => {
                let field = properties(shape).find(|(field, _)| *field == name);
                let text = field.and_then(|(_, field)| field["description"].as_str()).unwrap_or("");
                let all = required(shape);
                let sentence = text.split('\n').next().unwrap_or_default();
                if all.len() > 1 {
                    format!("{} are needed; `{name}` is: {sentence}", list_of(&all, "and"))
                } else {
                    format!("add `{name}: ...`, which is: {sentence}")
                }
            }
        };
        self.refuse(
            Gap::Lack { path: at.path.clone(), field: name.to_owned() },
            Diagnostic::error(Code::MissingField, format!("`{name}` is missing{place}"))
                .at(place_of_node, format!("without `{name}`"))
                .help(help),
        );
    }
}

/// A place of a document: its kind, its path from there on, and the field of another document in
/// which that one stands.
#[derive(Clone, Copy)]
struct Here<'a> {
    kind: &'static Kind,
    path: &'a str,
    base: &'static str,
}

/// `roles: {env: {A: 1}}`: what is called as a field is no role that somebody named. Says
/// where it belongs.
fn field_among_names(here: Here<'_>) -> Option<String> {
    let (root, kind) = ((here.kind.schema)(), here.kind);
    let named = |named: &'static Named| {
        Some((named, here.path.strip_prefix(named.field)?.strip_prefix('.')?))
    };
    let (Named { field, one, example, definition, .. }, name) =
        kind.named.iter().find_map(named)?;
    let has = |schema: &Json| properties(schema).any(|(field, _)| field == name);
    if has(&root["$defs"][*definition]) {
        Some(format!("`{name}` stands in a {one}: `{field}: {{{example}: {{{name}: ...}}}}`"))
    } else {
        has(root).then(|| belongs_to_the_top(name, here))
    }
}

/// The name is a field, but of something else.
fn belongs_elsewhere(entry: &Entry, here: Here<'_>) -> Option<String> {
    let name = entry.key.text.as_str();
    let value = entry.value.as_text().filter(|text| text.len() < 12).unwrap_or("...");
    let (root, kind) = ((here.kind.schema)(), here.kind);
    let has = |schema: &Json| properties(schema).any(|(field, _)| field == name);
    let of_one = |named: &&Named| has(&root["$defs"][named.definition]);
    if let Some(named) = kind.named.iter().find(of_one).filter(|_| here.path.is_empty()) {
        let Named { field, one, example, .. } = named;
        return Some(format!(
            "`{name}` belongs to a {one}: `{field}: {{{example}: {{{name}: {value}}}}}`"
        ));
    }
    if !here.path.is_empty() && has(root) {
        return Some(belongs_to_the_top(name, here));
    }
    let inner = kind
        .nested
        .iter()
        .find(|(_, inner)| properties((inner.schema)()).any(|(field, _)| field == name));
    // Fields of one thing that is a field itself, as `requirements` of `setup.python`.
    let owner = kind.owners.iter().find(|(_, definition)| has(&root["$defs"][definition]));
    let owner = inner.map(|(field, _)| *field).or(owner.map(|(owner, _)| *owner))?;
    let owner = match here.base {
        "" => owner.to_owned(),
        base => format!("{base}.{owner}"),
    };
    Some(format!("`{name}` belongs below `{owner}`: `{owner}.{name}`"))
}

fn belongs_to_the_top(name: &str, here: Here<'_>) -> String {
    let noun = here.kind.noun;
    if here.base.is_empty() {
        return format!("`{name}` belongs to the {noun}: move it to the top level");
    }
    format!("`{name}` belongs to the {noun}: move it up to `{}`", here.base)
}

/// A help with the value that was written in the place of what stands between « and ».
fn filled(help: &str, value: &Node) -> String {
    let parts = help.split_once('«').and_then(|(before, rest)| {
        let (usual, after) = rest.split_once('»')?;
        Some((before, usual, after))
    });
    let Some((before, usual, after)) = parts else { return help.to_owned() };
    let is_number = usual.parse::<f64>().is_ok();
    let given = value.as_text().filter(|text| {
        !text.is_empty() && text.len() < 40 && (!is_number || text.parse::<f64>().is_ok())
    });
    format!("{before}{}{after}", given.unwrap_or(usual))
}

fn is_long(node: &Node) -> bool {
    matches!(&node.value, Value::Map(entries) if entries.len() > 1)
}

/// The first key of a mapping stands for all of it.
fn beginning(node: &Node) -> SourceSpan {
    node.as_map().and_then(<[Entry]>::first).map_or(node.span, |entry| entry.key.span)
}
