//! What tasks and services have in common.

use indexmap::IndexMap;

use super::code::{Code, REPO_FOLDER, code, names_files};
use super::environment::{Environment, environment};
use super::fields::RUN;
use super::resources::{Resources, resources};
use super::script::{joined, words};
use super::volumes::volumes;
use crate::spec::foreign::common::assemble::note;
use crate::spec::foreign::common::fields::{Fields, Findings, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::name::{dns_name, from_source};
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::shell::as_written;
use crate::spec::foreign::common::suspects;
use crate::spec::kinds::ForeignContext;
use crate::spec::kinds::train::{Security, Volume};
use crate::spec::syntax::{KeyedSpan, Node, Spans, key_path};

/// What both have.
pub(super) struct Run<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) name: String,
    pub(super) labels: IndexMap<String, String>,
    pub(super) image: Option<String>,
    pub(super) security: Option<Security>,
    pub(super) environment: Environment,
    pub(super) resources: Resources,
    pub(super) volumes: Vec<Volume>,
    pub(super) code: Code,
    pub(super) command: Option<Vec<String>>,
    pub(super) args: Vec<String>,
    pub(super) node_selector: IndexMap<String, String>,
}

/// Reads a configuration; `None` when an error says why it can't be.
pub(super) fn run<'a>(
    findings: &mut Findings,
    node: &'a Node,
    context: &ForeignContext<'_>,
    spans: &mut Spans,
) -> Option<Run<'a>> {
    spans.insert("", KeyedSpan { key: None, value: node.span });
    let fields = findings.fields(node, "", RUN);
    for (name, help) in refused() {
        if let Some(entry) = fields.entry(name)
            && entry.value.as_text() != Some("false")
        {
            let at = Node { span: entry.key.span, value: entry.value.value.clone() };
            findings.refuse(&at, format!("`{name}` is not taken"), help);
        }
    }
    let name = name(findings, &fields, context, spans);
    let mut labels = IndexMap::new();
    if let Some(entry) = fields.entry("tags") {
        note("labels", &Located::new((), entry), spans);
        if entry.value.as_map().is_none() {
            findings.wrong_type(&entry.value, "tags", "a mapping of texts");
        }
        for tag in entry.value.as_map().unwrap_or_default() {
            spans.insert(key_path("labels", &tag.key.text), Located::new((), tag).place);
            if let Some(text) = findings.text(&tag.value, "tags") {
                labels.insert(tag.key.text.clone(), text.to_owned());
            }
        }
    }
    let image = fields.entry("image").and_then(|entry| {
        let text = findings.text(&entry.value, "image")?;
        if text.contains("${{") {
            let message = "nothing replaces an expression in `image`".to_owned();
            findings.refuse(&entry.value, message, "write the image itself");
            return None;
        }
        suspects::scan_image(findings, &entry.value, text);
        note("image", &Located::new((), entry), spans);
        Some(text.to_owned())
    });
    let security = fields.get("user").and_then(|node| {
        let text = findings.text(node, "user")?;
        if matches!(text.split(':').next(), Some("root" | "0")) {
            return Some(Security::Root);
        }
        let help = "`security: baseline` keeps the image's own user; `podPatch` can set another";
        findings.otherwise(node, "user", help);
        None
    });
    if let Some(entry) = fields.entry("spot_policy")
        && entry.value.as_text() != Some("on-demand")
    {
        let help = "`nodeSelector` and `tolerations` name the spot nodes of a cluster";
        findings.left("spot_policy", entry, help);
    }
    let environment = environment(findings, fields.entry("env"), context);
    let mut resources = resources(findings, fields.entry("resources"), spans);
    let shared_memory = resources.shared_memory.take();
    let volumes = volumes(findings, fields.entry("volumes"), shared_memory, spans);
    let commands = commands(findings, &fields);
    let has_image = fields.entry("image").is_some();
    let has_groups = fields.entry("groups").is_some()
        || fields.get("replicas").is_some_and(|node| node.as_list().is_some());
    if commands.is_empty() && !has_image && fields.entry("entrypoint").is_none() {
        if has_groups {
            let at = fields.get("replicas").or(fields.get("groups")).unwrap_or(node);
            if fields.entry("groups").is_none() {
                refuse_groups(findings, at);
            }
            return None;
        }
        findings.missing(node, "commands");
        return None;
    }
    let script = joined(&commands);
    let has_entrypoint = fields.entry("entrypoint").is_some();
    let is_usual = !has_image || names_files(&script);
    let code = code(findings, &fields, !commands.is_empty() && is_usual, spans);
    let mut run = Run {
        node_selector: resources
            .arch
            .map(|arch| ("kubernetes.io/arch".to_owned(), arch.to_owned()))
            .into_iter()
            .collect(),
        name,
        labels,
        image,
        security,
        environment,
        resources,
        volumes,
        code,
        command: None,
        args: Vec::new(),
        fields,
    };
    if has_entrypoint {
        run.entrypoint(findings, commands);
    } else if !commands.is_empty() {
        let before = run.before(findings, &script);
        // Of a script of several lines ` && ` would guard the first alone.
        let whole = if before.is_empty() {
            script
        } else {
            format!("{{ {}\n}} || exit\n{script}", before.join(" && "))
        };
        run.command = Some(vec![run.shell(findings), "-c".to_owned(), as_written(&whole)]);
    }
    if let Some(entry) = run.fields.entry("commands").or(run.fields.entry("entrypoint")) {
        note("command", &Located::new((), entry), spans);
    }
    Some(run)
}

/// Groups of replicas that differ.
pub(super) fn refuse_groups(findings: &mut Findings, at: &Node) {
    let message = "groups of replicas are not taken".to_owned();
    findings.refuse(at, message, "write an Endpoint with a revision for each");
}

/// What is refused by its name, with what to do instead.
fn refused() -> impl Iterator<Item = (&'static str, &'static str)> {
    RUN.iter().filter_map(|(name, usage)| match usage {
        Use::Refused(help) => Some((*name, *help)),
        _ => None,
    })
}

fn name(
    findings: &mut Findings,
    fields: &Fields<'_>,
    context: &ForeignContext<'_>,
    spans: &mut Spans,
) -> String {
    let fallback = || from_source(context.source_name, context.index);
    let Some(entry) = fields.entry("name") else { return fallback() };
    spans.insert("name", Located::new((), entry).place);
    let Some(written) = findings.text(&entry.value, "name") else { return fallback() };
    let name = dns_name(written).unwrap_or_else(fallback);
    if name != written {
        let help = "names have lower-case letters, digits and `-`, 30 characters at most";
        findings.instead(&entry.value, format!("the run is called `{name}` here"), help);
    }
    name
}

fn commands(findings: &mut Findings, fields: &Fields<'_>) -> Vec<String> {
    let Some(entry) = fields.entry("commands") else { return Vec::new() };
    let commands = findings.texts(&entry.value, "commands");
    if let Some(expression) = commands.iter().find(|command| command.contains("${{")) {
        let start = expression.find("${{").unwrap_or_default();
        let shown: String = expression[start..].chars().take(24).collect();
        let message = format!("nothing replaces `{}` in commands", shown.trim());
        let help = "write the value itself, or a variable of `env` as `$NAME`";
        findings.refuse(&entry.value, message, help);
    }
    let names_folder = |text: &str| {
        text.split(REPO_FOLDER).skip(1).any(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    };
    for item in items(&entry.value) {
        if item.as_text().is_some_and(names_folder) {
            let message =
                format!("there is no {REPO_FOLDER}: the code is where the commands start");
            let help = "write `\"$DSTACK_REPO_DIR\"`, which is the folder of the code";
            findings.instead(item, message, help);
        }
    }
    commands
}

impl Run<'_> {
    fn entrypoint(&mut self, findings: &mut Findings, commands: Vec<String>) {
        let Some(node) = self.fields.get("entrypoint") else { return };
        let Some(text) = findings.text(node, "entrypoint") else { return };
        match words(text) {
            Some(words) => {
                self.command = Some(words.iter().map(|word| as_written(word)).collect());
                self.args = commands.iter().map(|word| as_written(word)).collect();
            }
            None => findings.wrong_type(node, "entrypoint", "a command whose quotes are closed"),
        }
    }

    fn shell(&self, findings: &mut Findings) -> String {
        let usual = if self.fields.entry("image").is_some() { "sh" } else { "bash" };
        let text = self.fields.get("shell").and_then(|node| findings.text(node, "shell"));
        text.unwrap_or(usual).to_owned()
    }

    /// What a shell does before the commands: it fetches the code, makes the environment for Python, and sets the
    /// variables that only it can know.
    fn before(&self, findings: &mut Findings, script: &str) -> Vec<String> {
        let mut before = self.code.before.clone();
        if script.contains("DSTACK_WORKING_DIR") {
            before.push("export DSTACK_WORKING_DIR=\"$PWD\"".to_owned());
        }
        if script.contains("DSTACK_REPO_DIR") {
            before.insert(self.code.fetched, "export DSTACK_REPO_DIR=\"$PWD\"".to_owned());
        }
        let python = self.fields.get("python");
        if self.fields.entry("image").is_some() {
            if let Some(node) = python {
                findings.otherwise(node, "python", "an `image` has its own");
            }
            return before;
        }
        let version = python.and_then(|node| findings.text(node, "python"));
        let installs =
            ["pip install", "uv pip", "uv sync"].iter().any(|word| script.contains(word));
        if version.is_some() || installs {
            // The number may be a float of YAML, `3.10`, of which the text counts.
            let version =
                version.filter(|text| text.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
            let wanted = version.map(|version| format!(" -p {version}")).unwrap_or_default();
            let own = version.unwrap_or("3");
            before.push("export DSTACK_VENV_DIR=\"$PWD/.dstack-venv\"".to_owned());
            before.push(format!(
                "{{ command -v uv > /dev/null && uv venv -q --seed{wanted} \"$DSTACK_VENV_DIR\" || python{own} -m venv \"$DSTACK_VENV_DIR\"; }}"
            ));
            before.push(". \"$DSTACK_VENV_DIR/bin/activate\"".to_owned());
        }
        before
    }
}
