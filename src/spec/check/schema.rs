//! The JSON Schema of the spec: made from the types, read by validation, `explain` and editors.

use serde_json::{Value as Json, json};

use crate::spec::kinds::registry;

/// The schema of a kind as a document for editors and other tools; `None` for an unknown kind.
pub fn json_schema(kind: &str) -> Option<String> {
    let kind = registry::kind(kind)?;
    let mut schema = (kind.schema)().clone();
    loosen_marked(&mut schema);
    // Keys for values that anchors mark.
    schema["patternProperties"] = json!({"^x-": {}});
    let mut document = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://mlctl.dev/schemas/v1/{}", kind.schema_file),
    });
    if let (Some(document), Json::Object(fields)) = (document.as_object_mut(), schema) {
        for (name, value) in fields {
            document.entry(name).or_insert(value);
        }
    }
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    Some(text)
}

/// Where scalars are taken as they are written, an editor must not ask for quotes.
fn loosen_marked(schema: &mut Json) {
    let marked = |schema: &Json| {
        ["x-mlctl-verbatim", "x-mlctl-text"].iter().any(|mark| schema[*mark] == true)
    };
    if marked(schema) {
        loosen(schema);
    }
    match schema {
        Json::Object(fields) => fields.values_mut().for_each(loosen_marked),
        Json::Array(items) => items.iter_mut().for_each(loosen_marked),
        _ => {}
    }
}

fn loosen(schema: &mut Json) {
    match schema {
        Json::Object(fields) => {
            if let Some(types) = fields.get_mut("type") {
                let mut list = match &*types {
                    Json::Array(list) => list.clone(),
                    one => vec![one.clone()],
                };
                if list.iter().any(|name| name == "string") {
                    list.extend(["number".into(), "boolean".into()]);
                    *types = list.into();
                }
            }
            for (name, value) in fields {
                if name != "description" {
                    loosen(value);
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(loosen),
        _ => {}
    }
}

/// How the scalars below a field are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Every scalar is its raw text, and nothing in it is expanded.
    pub verbatim: bool,
    /// Numbers and booleans are taken as the text that they are written with.
    pub text: bool,
    /// `${VAR}` is replaced from the environment.
    pub expand: bool,
    /// `$(VAR)` is replaced when the command starts.
    pub command: bool,
}

/// A schema without references and without null: what a value may be.
#[derive(Clone, Debug)]
pub(crate) struct View<'a> {
    /// The shapes that are allowed; none of them is null.
    pub shapes: Vec<&'a Json>,
    /// The value may be null.
    pub nullable: bool,
    /// How the scalars of the value are read, by this schema and those around it.
    pub reading: Reading,
    /// The field's own description, else its type's.
    pub description: Option<&'a str>,
    /// The default, when the schema has one.
    pub default: Option<&'a Json>,
}

/// Looks through `$ref`, `anyOf` and `oneOf`.
pub(crate) fn view<'a>(root: &'a Json, schema: &'a Json, inherited: Reading) -> View<'a> {
    let mut view = View {
        shapes: Vec::new(),
        nullable: false,
        reading: inherited,
        description: None,
        default: None,
    };
    add_shapes(&mut view, root, schema, 0);
    view
}

fn add_shapes<'a>(view: &mut View<'a>, root: &'a Json, schema: &'a Json, depth: u32) {
    if depth > 16 {
        return;
    }
    view.reading.verbatim |= schema["x-mlctl-verbatim"] == true;
    view.reading.text |= schema["x-mlctl-text"] == true;
    view.reading.expand |= schema["x-mlctl-expand"] == true;
    view.reading.command |= schema["x-mlctl-command"] == true;
    view.description = view.description.or_else(|| schema["description"].as_str());
    view.default = view.default.or_else(|| schema.get("default"));
    if let Some(reference) = schema["$ref"].as_str() {
        let target = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return target.map_or((), |target| add_shapes(view, root, target, depth + 1));
    }
    let alternatives = if allowed(schema).is_empty() {
        schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array())
    } else {
        None
    };
    if let Some(alternatives) = alternatives {
        for alternative in alternatives {
            add_shapes(view, root, alternative, depth + 1);
        }
        return;
    }
    let types = types(schema);
    view.nullable |= types.contains(&"null");
    if types != ["null"] {
        view.shapes.push(schema);
    }
}

/// The names in a schema's `type`, which is one name or a list; empty when it has none.
pub(crate) fn types(schema: &Json) -> Vec<&str> {
    match &schema["type"] {
        Json::String(name) => vec![name],
        Json::Array(names) => names.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The values of an enumeration with their descriptions; empty for every other schema.
pub(crate) fn allowed(schema: &Json) -> Vec<(&str, &str)> {
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().filter_map(|value| Some((value.as_str()?, ""))).collect();
    }
    if let Some(value) = schema["const"].as_str() {
        return vec![(value, schema["description"].as_str().unwrap_or(""))];
    }
    let Some(variants) = schema["oneOf"].as_array() else { return Vec::new() };
    let lists: Vec<_> = variants.iter().map(allowed).collect();
    if lists.iter().any(Vec::is_empty) { Vec::new() } else { lists.concat() }
}

/// The properties of an object schema.
pub(crate) fn properties(schema: &Json) -> impl Iterator<Item = (&str, &Json)> {
    schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, field)| (name.as_str(), field))
}

/// The names of the required properties.
pub(crate) fn required(schema: &Json) -> Vec<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}
