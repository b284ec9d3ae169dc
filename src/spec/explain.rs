//! `mlctl explain TrainJob.roles.worker.cpu`: a field in words, from the schema.

use std::fmt;

use serde::Serialize;
use serde_json::Value as Json;

use crate::spec::check::{Reading, View, allowed, properties, required, train_job, types, view};
use crate::text::{list_of, nearest};

/// What stands for the name of a role.
const ANY_ROLE: &str = "<role>";

/// A field and what may stand in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// Its path from the kind on.
    pub path: String,
    /// Its type in words.
    #[serde(rename = "type")]
    pub kind: String,
    /// It has to be there.
    pub required: bool,
    /// What it is for.
    pub description: String,
    /// The allowed values of an enumeration, each with its meaning.
    pub allowed: Vec<(String, String)>,
    /// What it is when it is not there, if that is one value.
    pub default: Option<String>,
    /// The fields below it.
    pub fields: Vec<ExplainedField>,
}

/// One field below another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedField {
    /// Its name; `<role>` and the like where users choose it.
    pub name: String,
    /// Its type in words.
    #[serde(rename = "type")]
    pub kind: String,
    /// It has to be there.
    pub required: bool,
    /// What it is for.
    pub description: String,
}

/// There is no such field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{parent}` has no field `{name}`: {hint}")]
pub struct UnknownPath {
    /// The last part of the path that exists.
    pub parent: String,
    /// The part that does not.
    pub name: String,
    /// The nearest field, or all of them.
    pub hint: String,
}

/// Explains a field by its path: `TrainJob`, `TrainJob.env.name`, `roles.worker.cpu`.
///
/// Lists are looked through; any name stands for a role's.
pub fn explain(path: &str) -> Result<Explained, UnknownPath> {
    let root = train_job();
    let mut steps: Vec<&str> =
        path.split('.').map(|step| step.split('[').next().unwrap_or(step)).collect();
    let first = steps.first().copied().unwrap_or_default();
    if first.is_empty() || first.eq_ignore_ascii_case("trainjob") {
        steps.remove(0);
    } else if !properties(root).any(|(name, _)| name == first)
        && first.starts_with(char::is_uppercase)
    {
        return Err(UnknownPath {
            parent: "mlctl.dev/v1".into(),
            name: first.into(),
            hint: "this version has the kind TrainJob".into(),
        });
    }
    let mut here = view(root, root, Reading::default());
    let mut done = "TrainJob".to_owned();
    let mut needed = false;
    for step in with_the_role(root, steps) {
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
    let kind = kind_of(root, &here);
    let allowed = here.shapes.iter().flat_map(|shape| allowed(shape));
    let allowed = allowed.map(|(name, text)| (name.to_owned(), one_line(text))).collect();
    let default = here.default.filter(|value| !value.is_null()).map(plain);
    let description = one_line(here.description.unwrap_or_default());
    let below = through_lists(root, here);
    let fields = below.shapes.iter().flat_map(|shape| fields(root, shape, &done)).collect();
    Ok(Explained { path: done, kind, required: needed, description, allowed, default, fields })
}

/// `roles.replicas` leaves the role's name out: nobody calls a role like that. Only before another
/// field of a role it is a name, as in `roles.cpu.replicas`.
fn with_the_role<'a>(root: &Json, mut steps: Vec<&'a str>) -> Vec<&'a str> {
    let of_role = |step: &&str| properties(&root["$defs"]["Role"]).any(|(field, _)| field == *step);
    if steps.first() == Some(&"roles")
        && steps.get(1).is_some_and(of_role)
        && !steps.get(2).is_some_and(of_role)
    {
        steps.insert(1, ANY_ROLE);
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

fn fields(root: &Json, shape: &Json, path: &str) -> Vec<ExplainedField> {
    let required = required(shape);
    let field = |name: &str, schema| {
        let field = view(root, schema, Reading::default());
        ExplainedField {
            name: name.to_owned(),
            kind: kind_of(root, &field),
            required: required.contains(&name),
            description: one_line(field.description.unwrap_or_default()),
        }
    };
    let mut list: Vec<_> = properties(shape).map(|(name, schema)| field(name, schema)).collect();
    let more = &shape["additionalProperties"];
    if more.is_object() && is_map(shape) {
        let name = if path == "TrainJob.roles" { ANY_ROLE } else { "<name>" };
        list.push(field(name, more));
    }
    list
}

/// The type of a field in words.
fn kind_of(root: &Json, here: &View<'_>) -> String {
    let mut names: Vec<String> = Vec::new();
    for shape in &here.shapes {
        let below = |schema| kind_of(root, &view(root, schema, here.reading));
        let name = match shape["x-mlctl-quantity"].as_str() {
            Some("Cpu") => "cores".to_owned(),
            Some("Memory") => "bytes".to_owned(),
            Some("Amount") => "amount of money".to_owned(),
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
