//! `env`: values, values of the caller's environment, and secrets of a dstack server.

use std::collections::{HashMap, HashSet};

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::shell::as_value;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::{EnvSource, EnvVar, SecretKeyRef};
use crate::spec::syntax::{Diagnostic, Entry, KeyedSpan, Node, Spans, index_path, is_variable};

pub(super) const VARIABLE: Table = &[
    ("NAME=value", Use::Kept("env")),
    ("NAME", Use::Changed("the value of your environment, in which it must be set")),
    (
        "NAME=${{ secrets.KEY }}",
        Use::Changed("`valueFrom`: the key KEY of a Secret called `dstack`"),
    ),
];

/// The Secret that stands for the secrets of a dstack project.
const SECRET: &str = "dstack";

/// Variables with the places where they are written.
#[derive(Default)]
pub(super) struct Environment {
    pub(super) variables: Vec<EnvVar>,
    places: Vec<Option<KeyedSpan>>,
    /// Names whose values the caller's environment has.
    callers: HashSet<String>,
}

/// Reads `env`: a list of `NAME=value` and `NAME`, or a mapping.
pub(super) fn environment(
    findings: &mut Findings,
    entry: Option<&Entry>,
    context: &ForeignContext<'_>,
) -> Environment {
    let mut environment = Environment::default();
    let Some(entry) = entry else { return environment };
    if let Some(entries) = entry.value.as_map() {
        for one in entries {
            let place = Located::new((), one).place;
            let value = one.value.as_text();
            if value.is_none() && !one.value.is_null() {
                findings.wrong_type(&one.value, &format!("env.{}", one.key.text), "a text");
                continue;
            }
            let at = if one.value.is_null() { &entry.value } else { &one.value };
            let at = Node { span: place.key.unwrap_or(at.span), value: at.value.clone() };
            environment.add(findings, (&one.key.text, value), (place, &at), context);
        }
        return environment.with_the_last_of_each();
    }
    for item in items(&entry.value) {
        let Some(text) = item.as_text() else {
            findings.texts(item, "env");
            continue;
        };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        if !is_variable(name) {
            findings.wrong_type(item, "env[]", "`NAME=value`, or a name alone");
            continue;
        }
        let place = KeyedSpan { key: None, value: item.span };
        environment.add(findings, (name, value), (place, item), context);
    }
    environment.with_the_last_of_each()
}

impl Environment {
    fn add(
        &mut self,
        findings: &mut Findings,
        (name, value): (&str, Option<&str>),
        (place, at): (KeyedSpan, &Node),
        context: &ForeignContext<'_>,
    ) {
        let mut variable = EnvVar { name: name.to_owned(), value: None, value_from: None };
        let is_callers = value.is_none();
        match value {
            Some(value) => match secret(value) {
                Ok(None) => {
                    told_of_reference(findings, at, name, value);
                    variable.value = Some(as_value(value));
                }
                Ok(Some(key)) => {
                    told_of_secret(findings, at, name, key);
                    let secret_key_ref =
                        SecretKeyRef { name: SECRET.into(), key: key.into(), optional: false };
                    variable.value_from = Some(EnvSource { secret_key_ref });
                }
                Err(()) => {
                    let message = format!("`{name}` has an expression of dstack within its value");
                    let help = "write `NAME=${{ secrets.KEY }}` with nothing around it, and put texts together in \
                                the commands";
                    findings.refuse(at, message, help);
                    return;
                }
            },
            None => {
                if let Some(value) = context.env.get(name) {
                    variable.value = Some(as_value(value));
                } else {
                    let message =
                        format!("`{name}` has the value of your environment, where it isn't set");
                    findings.add(
                    Diagnostic::error(findings.system.missing, message).at(at.span, "").help(
                        format!(
                            "set it: `export {name}=...`; `mlctl convert` writes `${{{name}}}` in its place"
                        ),
                    ),
                );
                    return;
                }
            }
        }
        if is_callers {
            self.callers.insert(variable.name.clone());
        } else {
            self.callers.remove(&variable.name);
        }
        self.variables.push(variable);
        self.places.push(Some(place));
    }

    /// The last one of a name counts.
    fn with_the_last_of_each(self) -> Self {
        let Self { variables, places, callers } = self;
        let names = variables.iter().enumerate().map(|(at, one)| (one.name.clone(), at));
        let last: HashMap<String, usize> = names.collect();
        let all = variables.into_iter().zip(places).enumerate();
        let (variables, places) = all
            .filter(|(at, (one, _))| last.get(&one.name) == Some(at))
            .map(|(_, one)| one)
            .unzip();
        Self { variables, places, callers }
    }

    /// Puts variables before those of the file, which count where both have one.
    pub(super) fn before(&mut self, variables: Vec<(&str, String)>) {
        let is_new = |name: &str| !self.variables.iter().any(|own| own.name == name);
        let new: Vec<EnvVar> = variables
            .into_iter()
            .filter(|(name, _)| is_new(name))
            .map(|(name, value)| EnvVar {
                name: name.to_owned(),
                value: Some(value),
                value_from: None,
            })
            .collect();
        self.places.splice(0..0, new.iter().map(|_| None));
        self.variables.splice(0..0, new);
    }

    /// Adds one that the file doesn't have.
    pub(super) fn add_last(&mut self, variable: EnvVar) {
        self.variables.push(variable);
        self.places.push(None);
    }

    /// Notes where each is written, and which values are the caller's.
    pub(super) fn note(&self, spans: &mut Spans) -> Vec<String> {
        let mut from_env = Vec::new();
        for (index, (variable, place)) in self.variables.iter().zip(&self.places).enumerate() {
            let path = index_path("env", index);
            if let Some(place) = place {
                spans.insert(path.as_str(), *place);
            }
            // A port that a replica gives instead is the caller's no more.
            let is_port = variable.value.as_deref() == Some("$(AIP_HTTP_PORT)");
            if self.callers.contains(&variable.name) && !is_port {
                from_env.push(format!("{path}.value"));
            }
        }
        from_env
    }
}

/// The key of a secret that a value is; an error for any other expression.
fn secret(value: &str) -> Result<Option<&str>, ()> {
    if !value.contains("${{") {
        return Ok(None);
    }
    let inner =
        value.trim().strip_prefix("${{").and_then(|rest| rest.strip_suffix("}}")).ok_or(())?;
    let key = inner.trim().strip_prefix("secrets.").ok_or(())?;
    if is_variable(&key.replace('-', "_")) { Ok(Some(key)) } else { Err(()) }
}

/// dstack replaces nothing in a value, which people may think that it does.
fn told_of_reference(findings: &mut Findings, at: &Node, name: &str, value: &str) {
    let inner = value.split("${").skip(1).find_map(|rest| Some(rest.split_once('}')?.0));
    if let Some(inner) = inner.filter(|inner| is_variable(inner)) {
        let message = format!("nothing replaces `${{{inner}}}` in the value of `{name}`");
        let help = "dstack passes it as it is written too: name the variable alone, or set it in the commands";
        findings.instead(at, message, help);
    }
}

fn told_of_secret(findings: &mut Findings, at: &Node, name: &str, key: &str) {
    let variable = key.replace('-', "_").to_ascii_uppercase();
    let help = format!(
        "`kubectl create secret generic {SECRET} --from-literal={key}=...` makes it; on this machine it is the \
         variable MLCTL_SECRET_DSTACK_{variable}"
    );
    findings.instead(at, format!("`{name}` is the key `{key}` of the Secret `{SECRET}`"), &help);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_texts() {
        assert_eq!(secret("a$b"), Ok(None));
        assert_eq!(secret("${{ secrets.hf_token }}"), Ok(Some("hf_token")));
        assert_eq!(secret("Bearer ${{ secrets.hf_token }}"), Err(()));
        assert_eq!(secret("${{ run.args }}"), Err(()));
    }
}
