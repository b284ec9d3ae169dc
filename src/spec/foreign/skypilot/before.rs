//! What comes before a command: its code, and the script of set-up.

use super::links::Links;
use super::mounts::local;
use super::script::{is_nothing, within_sh};
use super::values::filled;
use super::variables::Variables;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::shell::quoted;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::Setup;
use crate::spec::syntax::Spans;
use crate::storage::Place;

/// Reads `workdir`: a folder as `code`, or the lines of a script that fetch a repository.
pub(super) fn workdir(
    findings: &mut Findings,
    top: &Fields<'_>,
    context: &ForeignContext<'_>,
    variables: &Variables,
    spans: &mut Spans,
) -> (Option<Place>, String) {
    let Some(entry) = top.entry("workdir") else { return (None, String::new()) };
    spans.insert("code", Located::new((), entry).place);
    variables.refuse_secrets(findings, &entry.value);
    if let Some(text) = entry.value.as_text() {
        let path = local(filled(text.trim(), &variables.values).as_str(), context);
        return (Some(path.as_str().into()), String::new());
    }
    let fields = findings.fields(&entry.value, "workdir", REPOSITORY);
    let text = |findings: &mut Findings, name: &str| {
        let text = findings.text(fields.get(name)?, &format!("workdir.{name}"))?;
        Some(filled(text.trim(), &variables.values))
    };
    let url = text(findings, "url");
    let reference = text(findings, "ref").unwrap_or_else(|| "HEAD".to_owned());
    let Some(url) = url else {
        if entry.value.as_map().is_some() && fields.get("url").is_none() {
            findings.missing(&entry.value, "workdir.url");
        }
        return (None, String::new());
    };
    let fetch = format!(
        "git init -q\ngit fetch -q --depth 1 {} {}\ngit checkout -q FETCH_HEAD\n",
        quoted(&url),
        quoted(&reference)
    );
    (None, fetch)
}

pub(super) const REPOSITORY: Table = &[
    ("url", Use::Changed("set-up fetches the repository into the working folder")),
    ("ref", Use::Changed("the branch, tag or commit that set-up fetches")),
];

/// Everything that comes before the command, as one script for `sh -e`.
pub(super) fn setup(script: Option<&str>, fetch: &str, links: &Links) -> Option<Setup> {
    let mut shell = fetch.to_owned();
    if !links.is_empty() {
        shell += &links.script();
    }
    if let Some(script) = script.filter(|script| !is_nothing(script)) {
        shell += &within_sh(script);
    }
    (!shell.is_empty()).then(|| Setup { shell: Some(shell), ..Setup::default() })
}
