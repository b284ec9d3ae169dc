//! `envs` and `secrets`.

use std::collections::HashMap;

use indexmap::{IndexMap, IndexSet};

use super::given::reads;
use crate::spec::check::is_secret_name;
use crate::spec::foreign::common::fields::{Fields, Findings};
use crate::spec::foreign::common::shell::as_value;
use crate::spec::foreign::common::suspects::scan;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::EnvVar;
use crate::spec::syntax::{
    Code, Diagnostic, Entry, KeyedSpan, Node, Spans, Value, index_path, is_variable,
};

/// How a reference to a secret of SkyPilot's own store begins.
const MANAGED: &str = "secrets:";
/// Variables with which SkyPilot itself fetches an image.
const OF_REGISTRY: &str = "SKYPILOT_DOCKER_";

/// One variable with where it is written.
struct Variable {
    name: String,
    value: String,
    key: crate::spec::syntax::SourceSpan,
    at: crate::spec::syntax::SourceSpan,
    /// The caller gave it, or it is a secret: no document has its value.
    withheld: bool,
    is_secret: bool,
}

/// All variables of a task.
#[derive(Default)]
pub(super) struct Variables {
    /// In the order of the file; none in place of one whose name is given again.
    list: Vec<Option<Variable>>,
    /// Where in the list the one of a name is.
    places: HashMap<String, usize>,
    /// Their values by their names, for the fields in which SkyPilot replaces them. Those of secrets are not among
    /// them, since such a field stands in documents.
    pub(super) values: IndexMap<String, String>,
    /// The names of secrets.
    secrets: IndexSet<String>,
}

/// Reads `envs` and `secrets`.
pub(super) fn variables(
    findings: &mut Findings,
    fields: &Fields<'_>,
    context: &ForeignContext<'_>,
) -> Variables {
    let mut read = Variables::default();
    if let Some(entry) = fields.entry("envs") {
        let Some(entries) = entry.value.as_map() else {
            findings.wrong_type(&entry.value, "envs", "a mapping of names and values");
            return read;
        };
        for entry in entries {
            variable(findings, entry, context, false, &mut read);
        }
    }
    let Some(entry) = fields.entry("secrets") else { return read };
    if let Some(entries) = entry.value.as_map() {
        for entry in entries {
            variable(findings, entry, context, true, &mut read);
        }
    } else if let Some(names) = entry.value.as_list() {
        for item in names {
            match item.as_text().and_then(|text| text.strip_prefix(MANAGED)) {
                Some(name) => of_caller(findings, item, (name, true), context, &mut read),
                None => findings.wrong_type(item, "secrets[]", "`secrets:NAME`"),
            }
        }
    } else {
        findings.wrong_type(&entry.value, "secrets", "a mapping of names and values");
    }
    read
}

fn variable(
    findings: &mut Findings,
    entry: &Entry,
    context: &ForeignContext<'_>,
    is_secret: bool,
    read: &mut Variables,
) {
    let name = entry.key.text.as_str();
    let field = if is_secret { "secrets" } else { "envs" };
    if name.starts_with(OF_REGISTRY) {
        let help = "name a Secret with the registry's credentials in `imagePullSecrets`";
        findings.left(name, entry, help);
        return;
    }
    if let Some(name) = name.strip_prefix(MANAGED).filter(|_| is_secret) {
        let at = Node { span: entry.key.span, value: entry.value.value.clone() };
        of_caller(findings, &at, (name, true), context, read);
        return;
    }
    if !is_variable(name) {
        let message = format!("`{name}` can't be a variable's name");
        let finding = Diagnostic::error(findings.system.wrong_type, message);
        findings.add(finding.at(entry.key.span, "").help("use letters, digits and `_`"));
        return;
    }
    if entry.value.is_null() {
        let at = Node { span: entry.key.span, value: entry.value.value.clone() };
        of_caller(findings, &at, (name, is_secret), context, read);
        return;
    }
    let Some(value) = findings.text(&entry.value, &format!("{field}.{name}")) else { return };
    scan(findings, &entry.value);
    if is_secret && !value.is_empty() {
        let message = format!("`{name}` looks like a secret");
        let help = format!(
            "leave its value out (`{name}:`), and export {name} where you call mlctl: it then stands in no file"
        );
        findings.add(
            Diagnostic::warning(Code::LiteralSecret, message)
                .at(entry.value.span, "readable in this file")
                .help(help),
        );
    }
    read.add(Variable {
        name: name.to_owned(),
        value: value.to_owned(),
        key: entry.key.span,
        at: entry.value.span,
        withheld: is_secret && !value.is_empty(),
        is_secret,
    });
}

/// A variable without a value: whoever calls gives it.
fn of_caller(
    findings: &mut Findings,
    at: &Node,
    (name, is_secret): (&str, bool),
    context: &ForeignContext<'_>,
    read: &mut Variables,
) {
    // A scope may stand before the name: `user/HF_TOKEN`.
    let name = name.rsplit('/').next().unwrap_or(name);
    let Some(value) = context.env.get(name) else {
        let message = format!("`{name}` has no value, in this file or in your environment");
        let otherwise = if is_secret {
            // A command line is kept by shells, and seen in `ps`.
            format!("or write `{name}: \"\"` for an empty one")
        } else {
            format!("or call it with `--set envs.{name}=...`")
        };
        let help = format!("export {name} where you call mlctl, {otherwise}");
        findings
            .add(Diagnostic::error(findings.system.missing, message).at(at.span, "").help(help));
        return;
    };
    let (name, value) = (name.to_owned(), value.clone());
    read.add(Variable { name, value, key: at.span, at: at.span, withheld: true, is_secret });
}

impl Variables {
    /// Refuses a field in which a secret's value would stand.
    pub(super) fn refuse_secrets(&self, findings: &mut Findings, node: &Node) {
        match &node.value {
            Value::Scalar(scalar) if scalar.text.contains('$') => {
                let is_in = |name: &&String| {
                    let braced = format!("${{{name}}}");
                    scalar.text.contains(&braced) || reads(&scalar.text, &format!("${name}"))
                };
                if let Some(name) = self.secrets.iter().find(is_in) {
                    let message = format!("`{name}` is a secret, which this field would show");
                    let help =
                        "the scripts of `setup` and `run` have it as a variable: use it there";
                    findings.refuse(node, message, help);
                }
            }
            Value::Scalar(_) => {}
            Value::List(items) => items.iter().for_each(|item| self.refuse_secrets(findings, item)),
            Value::Map(entries) => {
                for entry in entries {
                    let key = Node::plain(entry.key.text.as_str(), entry.key.span);
                    self.refuse_secrets(findings, &key);
                    self.refuse_secrets(findings, &entry.value);
                }
            }
        }
    }

    /// The names of all.
    pub(super) fn values_of_env(&self) -> impl Iterator<Item = &str> {
        self.list.iter().flatten().map(|one| one.name.as_str())
    }

    /// Whether a variable of this name is a secret.
    pub(super) fn is_secret(&self, name: &str) -> bool {
        self.secrets.contains(name)
    }

    fn add(&mut self, variable: Variable) {
        if variable.is_secret || is_secret_name(&variable.name) {
            self.values.swap_remove(&variable.name);
            self.secrets.insert(variable.name.clone());
        } else {
            self.values.insert(variable.name.clone(), variable.value.clone());
        }
        // The same name among the secrets counts.
        if let Some(other) = self.places.insert(variable.name.clone(), self.list.len()) {
            self.list[other] = None;
        }
        self.list.push(Some(variable));
    }

    /// The environment: what SkyPilot sets, then the task's own. The second value has the paths, below `base`, of
    /// those that no document may show.
    pub(super) fn environment(
        self,
        set: Vec<(&'static str, String)>,
        base: &str,
        spans: &mut Spans,
    ) -> (Vec<EnvVar>, Vec<String>) {
        let set = set.into_iter().filter(|(name, _)| !self.places.contains_key(*name));
        let mut env: Vec<EnvVar> = set
            .map(|(name, value)| EnvVar {
                name: name.to_owned(),
                value: Some(value),
                value_from: None,
            })
            .collect();
        let mut withheld = Vec::new();
        for one in self.list.into_iter().flatten() {
            let path = index_path(&format!("{base}env"), env.len());
            let place = |value| KeyedSpan { key: None, value };
            spans.insert(path.as_str(), KeyedSpan { key: Some(one.key), value: one.at });
            spans.insert(format!("{path}.name"), place(one.key));
            spans.insert(format!("{path}.value"), place(one.at));
            if one.withheld {
                withheld.push(format!("{path}.value"));
            }
            let value = Some(as_value(&one.value));
            env.push(EnvVar { name: one.name, value, value_from: None });
        }
        (env, withheld)
    }
}
