//! One model of the list.

use super::policy::{self, Wanted};
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::name::dns_name;
use crate::spec::foreign::common::suspects;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::batch::Server;
use crate::spec::kinds::endpoint::{Endpoint, Revision};
use crate::spec::syntax::{Code, Diagnostic, Entry, KeyedSpan, Node, Spans, index_path};

pub(super) const CONFIG: Table = &[
    ("name", Use::Changed("`name`, and `modelName` where a name here can't be the same")),
    ("base_path", Use::Kept("revisions[].model")),
    ("model_platform", Use::Changed("`server: tensorflow-serving`")),
    ("model_type", Use::Changed("`server: tensorflow-serving`")),
    ("model_version_policy", Use::Within),
    ("version_labels", Use::Within),
    (
        "logging_config",
        Use::Left("write `log: {sample: 1%, to: s3://bucket/requests}` in the Endpoint"),
    ),
];

const MODEL: &str = "an Endpoint of another server: `server: mlserver`, `triton` or `custom`";

/// An endpoint for a model of the list. `None` when an error says why it becomes nothing.
pub(super) fn endpoint(
    findings: &mut Findings,
    config: &Node,
    context: &ForeignContext<'_>,
) -> Option<(Endpoint, Spans)> {
    let fields = findings.fields(config, "config", CONFIG);
    let mut spans = Spans::default();
    spans.insert("", KeyedSpan { key: None, value: config.span });
    let named = once(findings, config, fields.entry("name"), "name");
    let based = once(findings, config, fields.entry("base_path"), "base_path");
    platform(findings, fields.entry("model_platform"), fields.entry("model_type"));
    let wanted = policy::wanted(
        findings,
        fields.entry("model_version_policy"),
        fields.entry("version_labels"),
    );
    let (name, written) = named?;
    let (base, place) = based?;
    let base_path = base_path(findings, base, place)?;
    spans.insert("name", Located::new((), name).place);
    let mut endpoint = Endpoint { server: Some(Server::TensorflowServing), ..Endpoint::default() };
    endpoint.name = dns_name(written).unwrap_or_else(|| {
        crate::spec::foreign::common::name::from_source(context.source_name, context.index)
    });
    if endpoint.name != written {
        endpoint.model_name = Some(written.to_owned());
        spans.insert("modelName", Located::new((), name).place);
        let message = format!("the endpoint is called `{}` here", endpoint.name);
        let help = format!(
            "names have lower-case letters, digits and `-`, 30 characters at most; requests go to the model \
             `{written}` as before"
        );
        findings.instead(&name.value, message, &help);
    }
    spans.insert("server", Located::new((), name).place);
    for (index, Wanted { name: revision, version, traffic, at }) in wanted.into_iter().enumerate() {
        let path = index_path("revisions", index);
        let own = at.map_or(KeyedSpan { key: None, value: base.value.span }, |span| KeyedSpan {
            key: None,
            value: span,
        });
        spans.insert(path.as_str(), own);
        spans.insert(format!("{path}.name"), own);
        spans.insert(format!("{path}.model"), Located::new((), base).place);
        if traffic.is_some() {
            spans.insert(format!("{path}.traffic"), own);
        }
        let model = match version {
            Some(version) => format!("{}/{version}", base_path.trim_end_matches('/')),
            None => base_path.clone(),
        };
        let model = Some(model.into());
        endpoint.revisions.push(Revision { name: revision, model, traffic, ..Revision::default() });
    }
    Some((endpoint, spans))
}

/// A text that is written once, and is not empty.
fn once<'a>(
    findings: &mut Findings,
    config: &Node,
    entry: Option<&'a Entry>,
    name: &str,
) -> Option<(&'a Entry, &'a str)> {
    let Some(entry) = entry else {
        findings.missing(config, &format!("config.{name}"));
        return None;
    };
    if let Some([first, second, ..]) = entry.value.as_list() {
        let message = format!("`{name}` is written twice in one `config`");
        findings.add(
            Diagnostic::error(Code::ForeignTwice, message)
                .at(second.span, "the second one")
                .at(first.span, "the first one")
                .help("a model has a `config` of its own"),
        );
        return None;
    }
    let text = findings.text(&entry.value, name)?;
    if text.trim().is_empty() {
        findings.missing(config, &format!("config.{name}"));
        return None;
    }
    Some((entry, text))
}

fn platform(findings: &mut Findings, platform: Option<&Entry>, model_type: Option<&Entry>) {
    for entry in platform.into_iter().chain(model_type) {
        let Some(text) = findings.text(&entry.value, &entry.key.text) else { continue };
        if !text.is_empty() && !text.eq_ignore_ascii_case("tensorflow") && text != "1" {
            let message = format!("models of the platform `{text}` are not served by this server");
            findings.refuse(&entry.value, message, &format!("write {MODEL}"));
        }
    }
}

/// The folder of the model's versions as a place of ours.
fn base_path(findings: &mut Findings, base: &Entry, text: &str) -> Option<String> {
    suspects::scan_place(findings, &base.value);
    let is_template = text.split('%').nth(1).is_some_and(|word| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    });
    if is_template {
        findings.add(
            Diagnostic::warning(Code::ForeignPlaceholder, "this looks like a placeholder")
                .at(base.value.span, "")
                .help("fill it in; nothing replaces it"),
        );
    }
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    if scheme.is_some_and(|scheme| !["s3", "gs", "file"].contains(&scheme)) {
        let message = format!("nothing can read `{text}`");
        let help = "copy the model to `s3://` or `gs://`, or to a folder";
        findings.refuse(&base.value, message, help);
        return None;
    }
    // A name alone would be one of the registry.
    let is_name = scheme.is_none() && !text.contains('/') && !text.starts_with(['.', '~']);
    Some(if is_name { format!("./{text}") } else { text.to_owned() })
}

impl Findings {
    /// Two models that would be one endpoint.
    pub(super) fn twice(&mut self, second: &Node, first: &Node, name: &str) {
        let place = |node: &Node| node.entry("name").map_or(node.span, |entry| entry.value.span);
        self.add(
            Diagnostic::error(
                self.system.twice,
                format!("two models would be the endpoint `{name}`"),
            )
            .at(place(second), "the second one")
            .at(place(first), "the first one")
            .help("give one of them another name"),
        );
    }

    /// An error is among the findings.
    pub(super) fn has_errors(&self) -> bool {
        use crate::spec::syntax::Severity;
        self.list.iter().any(|finding| finding.severity == Severity::Error)
    }
}
