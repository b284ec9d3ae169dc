//! `mlctl explain roles.worker.cpu`: a field in words, from the schema.

use std::fmt;

use serde::Serialize;
use serde_json::Value as Json;

use crate::spec::check::{Reading, View, allowed, properties, required, types, view};
use crate::spec::kinds::registry::{self, API_VERSION};
use crate::spec::kinds::{Kind, Named};
use crate::text::{list_of, nearest};

/// A field and what may stand in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// Its path from the kind on.
    pub path: String,
    /// Its type in words, such as "list of text".
    #[serde(rename = "type")]
    pub kind: String,
    /// A document without it is refused.
    pub required: bool,
    /// What it is for, in one line.
    pub description: String,
    /// The allowed values of an enumeration, each with its meaning.
    pub allowed: Vec<(String, String)>,
    /// What stands for it when it is not given, if that is always the same value.
    pub default: Option<String>,
    /// The fields below it; for a list those of its items.
    pub fields: Vec<ExplainedField>,
}

/// A field below the one that is explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedField {
    /// Its name; `<role>` and the like where users choose it.
    pub name: String,
    /// Its type in words, such as "list of text".
    #[serde(rename = "type")]
    pub kind: String,
    /// A document without it is refused.
    pub required: bool,
    /// What it is for, in one line.
    pub description: String,
}

/// A path names a kind or field that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{parent}` has no field `{name}`: {hint}")]
pub struct UnknownPath {
    /// The last part of the path that exists.
    pub parent: String,
    /// The first part that does not exist.
    pub name: String,
    /// The nearest field, or all of them.
    pub hint: String,
}

/// Explains a field by its path, with or without its kind in front: `env.name`,
/// `roles.worker.cpu`. A kind alone is explained as a whole.
///
/// Lists are looked through; where users choose names, any name stands for theirs.
pub fn explain(path: &str) -> Result<Explained, UnknownPath> {
    let mut steps: Vec<&str> =
        path.split('.').map(|step| step.split('[').next().unwrap_or(step)).collect();
    let first = steps.first().copied().unwrap_or_default();
    let has = |kind: &&Kind| properties((kind.schema)()).any(|(name, _)| name == first);
    let kind = if first.is_empty() {
        steps.remove(0);
        registry::first()
    } else if let Some(kind) = registry::all().find(|k| k.name.eq_ignore_ascii_case(first)) {
        steps.remove(0);
        kind
    } else if let Some(kind) = registry::all().find(has) {
        kind
    } else if first.starts_with(char::is_uppercase) {
        return Err(no_kind(first));
    } else {
        registry::first()
    };
    let root = (kind.schema)();
    let mut here = view(root, root, Reading::default());
    let mut done = kind.name.to_owned();
    let mut needed = false;
    for step in with_chosen_names(kind, steps) {
        here = through_lists(root, here);
        let shape = here.shapes.iter().copied().find(|shape| is_map(shape));
        let found = shape.and_then(|shape| {
            let field = properties(shape).find(|(name, _)| *name == step).map(|(_, field)| field);
            field.or_else(|| Some(&shape["additionalProperties"]).filter(|more| more.is_object()))
        });
        let Some(field) = found else { return Err(unknown(&done, step, shape)) };
        needed = shape.is_some_and(|shape| required(shape).contains(&step));
        here = view(root, field, Reading::default());
        done = format!("{done}.{step}");
    }
    let type_name = type_name(root, &here);
    let allowed = here.shapes.iter().flat_map(|shape| allowed(shape));
    let allowed = allowed.map(|(name, text)| (name.to_owned(), one_line(text))).collect();
    let default = here.default.filter(|value| !value.is_null()).map(plain);
    let description = one_line(here.description.unwrap_or_default());
    let below = through_lists(root, here);
    let fields = below.shapes.iter().flat_map(|shape| fields(kind, shape, &done)).collect();
    Ok(Explained {
        path: done,
        kind: type_name,
        required: needed,
        description,
        allowed,
        default,
        fields,
    })
}

fn no_kind(name: &str) -> UnknownPath {
    let names = registry::names();
    let kinds = if names.len() == 1 { "kind" } else { "kinds" };
    let hint = format!("this version has the {kinds} {}", list_of(&names, "and"));
    UnknownPath { parent: API_VERSION.into(), name: name.into(), hint }
}

/// `roles.replicas` leaves the role's name out: nobody calls a role like that. Only before another
/// field of a role it is a name, as in `roles.cpu.replicas`.
fn with_chosen_names<'a>(kind: &Kind, mut steps: Vec<&'a str>) -> Vec<&'a str> {
    for Named { field, definition, placeholder, .. } in kind.named {
        let entry = &(kind.schema)()["$defs"][definition];
        let of_entry = |step: &&str| properties(entry).any(|(field, _)| field == *step);
        if steps.first() == Some(field)
            && steps.get(1).is_some_and(of_entry)
            && !steps.get(2).is_some_and(of_entry)
        {
            steps.insert(1, placeholder);
        }
    }
    steps
}

fn unknown(parent: &str, name: &str, shape: Option<&Json>) -> UnknownPath {
    let names: Vec<&str> = shape.into_iter().flat_map(properties).map(|(name, _)| name).collect();
    let hint = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "it has no fields".into(),
        None => format!("its fields are {}", list_of(&names, "and")),
    };
    UnknownPath { parent: parent.into(), name: name.into(), hint }
}

fn is_map(shape: &Json) -> bool {
    types(shape).contains(&"object")
}

/// `env` has no fields, its items have.
fn through_lists<'a>(root: &'a Json, mut here: View<'a>) -> View<'a> {
    while !here.shapes.iter().any(|shape| is_map(shape)) {
        let list = here.shapes.iter().find(|shape| types(shape).contains(&"array"));
        let Some(list) = list else { break };
        here = view(root, &list["items"], Reading::default());
    }
    here
}

fn fields(kind: &Kind, shape: &Json, path: &str) -> Vec<ExplainedField> {
    let root = (kind.schema)();
    let required = required(shape);
    let field = |name: &str, schema| {
        let field = view(root, schema, Reading::default());
        ExplainedField {
            name: name.to_owned(),
            kind: type_name(root, &field),
            required: required.contains(&name),
            description: one_line(field.description.unwrap_or_default()),
        }
    };
    let mut list: Vec<_> = properties(shape).map(|(name, schema)| field(name, schema)).collect();
    let more = &shape["additionalProperties"];
    if more.is_object() && is_map(shape) {
        let at = path.strip_prefix(kind.name).and_then(|path| path.strip_prefix('.'));
        let named = kind.named.iter().find(|named| Some(named.field) == at);
        let name = named.map_or("<name>", |named| named.placeholder);
        list.push(field(name, more));
    }
    list
}

/// The type of a field in words.
fn type_name(root: &Json, here: &View<'_>) -> String {
    let mut names: Vec<String> = Vec::new();
    for shape in &here.shapes {
        let below = |schema| type_name(root, &view(root, schema, here.reading));
        let name = match shape["x-mlctl-quantity"].as_str() {
            Some("Cpu") => "cores".to_owned(),
            Some("Memory") => "bytes".to_owned(),
            Some("Amount") => "amount of money".to_owned(),
            Some("Percent") => "part in percent".to_owned(),
            Some(_) => "duration".to_owned(),
            None if !allowed(shape).is_empty() => "enumeration".to_owned(),
            None => match types(shape).first().copied() {
                Some("array") => format!("list of {}", below(&shape["items"])),
                Some("object") if shape["properties"].is_object() => "mapping".to_owned(),
                Some("object") => {
                    let values = below(&shape["additionalProperties"]);
                    let several = values.contains(" or ");
                    if several {
                        format!("mapping of ({values})")
                    } else {
                        format!("mapping of {values}")
                    }
                }
                Some("integer") => "whole number".to_owned(),
                Some("boolean") => "true or false".to_owned(),
                Some("number") => "number".to_owned(),
                Some(_) => "text".to_owned(),
                None => "anything".to_owned(),
            },
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    list_of(&names, "or")
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let needed = if self.required { ", required" } else { "" };
        writeln!(f, "{} ({}{needed})\n", self.path, self.kind)?;
        writeln!(f, "{}", indented(&self.description, 2))?;
        if let Some(default) = &self.default {
            writeln!(f, "\n  Default: {default}")?;
        }
        if !self.allowed.is_empty() {
            writeln!(f, "\nValues:")?;
            for (name, text) in &self.allowed {
                writeln!(f, "  {name}\n{}", indented(text, 6))?;
            }
        }
        if !self.fields.is_empty() {
            writeln!(f, "\nFields:")?;
            for field in &self.fields {
                let needed = if field.required { ", required" } else { "" };
                let (name, kind) = (&field.name, &field.kind);
                writeln!(f, "  {name} ({kind}{needed})\n{}", indented(&field.description, 6))?;
            }
        }
        Ok(())
    }
}

/// A text in lines of at most 80 columns.
fn indented(text: &str, indent: usize) -> String {
    let blanks = " ".repeat(indent);
    let wrapped = crate::spec::syntax::wrap(text, 80 - indent);
    wrapped.lines().map(|line| format!("{blanks}{line}")).collect::<Vec<_>>().join("\n")
}
