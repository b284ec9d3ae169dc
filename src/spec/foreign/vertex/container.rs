//! `containerSpec` and `pythonPackageSpec`: what a pool's replicas run.

use crate::spec::kinds::train::{Args, EnvVar};
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{Entry, KeyedSpan, Node};

use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::pool::Program;
use crate::spec::foreign::common::scalars::items;
use crate::spec::foreign::common::suspects;

pub(super) const CONTAINER_SPEC: Table = &[
    ("imageUri", Use::Kept("image")),
    ("command", Use::Kept("command")),
    ("args", Use::Kept("args")),
    ("env", Use::Kept("env")),
];

pub(super) const PYTHON_PACKAGE_SPEC: Table = &[
    ("executorImageUri", Use::Kept("image")),
    ("packageUris", Use::Changed("installed by `setup.shell` before the command")),
    ("pythonModule", Use::Changed("`command: [python3, -m, MODULE]`")),
    ("args", Use::Kept("args")),
    ("env", Use::Kept("env")),
];

pub(super) const ENV_VAR: Table =
    &[("name", Use::Kept("env[].name")), ("value", Use::Kept("env[].value"))];

/// Reads a `containerSpec`.
pub(super) fn container_spec(findings: &mut Findings, node: &Node) -> Program {
    let fields = findings.fields(node, "containerSpec", CONTAINER_SPEC);
    let image = image(findings, fields.entry("imageUri"), "imageUri");
    if image.is_none() && fields.entry("imageUri").is_none() && node.as_map().is_some() {
        missing(findings, node, "containerSpec.imageUri");
    }
    // On Vertex AI an empty list is the same as none: the image's entrypoint runs.
    let command = fields
        .entry("command")
        .map(|entry| words(findings, entry, "command"))
        .filter(|list| !list.value.is_empty());
    let args = arguments(findings, fields.entry("args"));
    for name in ["command", "args"] {
        if let Some(node) = fields.get(name) {
            suspects::scan(findings, node);
        }
    }
    let env = environment(findings, fields.entry("env"));
    Program { image, command, args, env, packages: Vec::new() }
}

/// Reads a `pythonPackageSpec`: packages to install, and a module of theirs to run.
pub(super) fn python_package_spec(findings: &mut Findings, node: &Node) -> Program {
    let fields = findings.fields(node, "pythonPackageSpec", PYTHON_PACKAGE_SPEC);
    let image = image(findings, fields.entry("executorImageUri"), "executorImageUri");
    for required in ["executorImageUri", "pythonModule"] {
        if fields.entry(required).is_none() && node.as_map().is_some() {
            missing(findings, node, &format!("pythonPackageSpec.{required}"));
        }
    }
    let command = fields.entry("pythonModule").and_then(|entry| {
        let module = findings.text(&entry.value, "pythonModule")?;
        Some(Located::new(["python3", "-m", module].map(String::from).to_vec(), entry))
    });
    let fetched = fields.get("packageUris").filter(|node| {
        items(node).iter().any(|uri| uri.as_text().is_some_and(|text| text.starts_with("gs://")))
    });
    if let Some(node) = fetched {
        findings.add(
            Diagnostic::warning(
                Code::VertexPackages,
                "the packages are fetched by `gcloud storage`",
            )
            .at(node.span, "")
            .help(
                "gcloud or gsutil must be there and have credentials; or put the code into \
                     `code`",
            ),
        );
    }
    let packages = fields
        .get("packageUris")
        .map(|node| findings.texts(node, "packageUris"))
        .unwrap_or_default();
    for name in ["packageUris", "args"] {
        if let Some(node) = fields.get(name) {
            suspects::scan(findings, node);
        }
    }
    let args = arguments(findings, fields.entry("args"));
    let env = environment(findings, fields.entry("env"));
    Program { image, command, args, env, packages }
}

/// The script that installs packages as Vertex AI does, into the replica's working folder, so that
/// nothing outside of it changes. Returned with the variable that makes Python look there.
pub(super) fn install_script(packages: &[String]) -> (String, EnvVar) {
    let mut script = String::from(
        "# Packages of pythonPackageSpec, installed into this working folder.\n\
         export PYTHONUSERBASE=\"$PWD/.packages\" PIP_BREAK_SYSTEM_PACKAGES=1\n\
         mkdir -p .packages\n",
    );
    for (index, package) in packages.iter().enumerate() {
        let file = package.rsplit('/').next().unwrap_or(package);
        let quoted = quote(package);
        let lines = if package.starts_with("gs://") {
            // A folder of its own: pip reads name and version from the file's name.
            let local = quote(&format!(".packages/{index}/{file}"));
            [
                format!("mkdir -p .packages/{index}\n"),
                format!("gcloud storage cp {quoted} {local} || gsutil cp {quoted} {local}\n"),
                format!("python3 -m pip install --user {local}\n"),
            ]
            .concat()
        } else {
            format!("python3 -m pip install --user {quoted}\n")
        };
        script.push_str(&lines);
    }
    let base = EnvVar {
        name: "PYTHONUSERBASE".into(),
        // Relative to the working folder, in which the command starts.
        value: Some(".packages".into()),
        value_from: None,
    };
    (script, base)
}

fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn missing(findings: &mut Findings, node: &Node, path: &str) {
    findings.add(
        Diagnostic::error(Code::VertexMissing, format!("`{path}` is missing")).at(node.span, ""),
    );
}

pub(super) fn image(
    findings: &mut Findings,
    entry: Option<&Entry>,
    path: &str,
) -> Option<Located<String>> {
    let entry = entry?;
    let image = findings.text(&entry.value, path)?;
    if image.trim().is_empty() {
        findings.wrong_type(&entry.value, path, "the name of an image");
        return None;
    }
    suspects::scan_image(findings, &entry.value, image);
    Some(Located::new(image.trim().to_owned(), entry))
}

pub(super) fn words(findings: &mut Findings, entry: &Entry, path: &str) -> Located<Vec<String>> {
    let texts = findings.texts(&entry.value, path);
    Located::list(texts, entry, &entry.value)
}

fn arguments(findings: &mut Findings, entry: Option<&Entry>) -> Option<Located<Args>> {
    let entry = entry?;
    one_word(findings, entry);
    let list = words(findings, entry, "args");
    (!list.value.is_empty()).then(|| Located {
        value: Args::List(list.value),
        place: list.place,
        items: list.items,
    })
}

/// `args: train --epochs 3`: one word with spaces in it. The linter knows those that start with
/// dashes, and commands.
fn one_word(findings: &mut Findings, entry: &Entry) {
    if let Some(text) = entry.value.as_text()
        && text.trim().contains(char::is_whitespace)
        && !text.starts_with('-')
    {
        let words: Vec<_> = text.split_whitespace().map(|word| format!("{word:?}")).collect();
        findings.add(
            Diagnostic::warning(Code::VertexOneWord, "`args` is a single word with spaces")
                .at(entry.value.span, "passed as one argument, as Vertex AI does")
                .help(format!("a list is probably meant: [{}]", words.join(", "))),
        );
    }
}

/// A list of `{name, value}`; also a mapping of names to values and `NAME=value`, which people
/// write.
pub(super) fn environment(
    findings: &mut Findings,
    entry: Option<&Entry>,
) -> Option<Located<Vec<EnvVar>>> {
    let entry = entry?;
    let mut variables: Vec<EnvVar> = Vec::new();
    let mut places = Vec::new();
    let mut add = |findings: &mut Findings, item: &Node, name: &str, value: &Node| {
        let text = if value.is_null() { Some("") } else { findings.text(value, "env[].value") };
        suspects::scan(findings, value);
        let Some(text) = text else { return };
        if let Some(before) = variables.iter().position(|one| one.name == name) {
            findings.set_twice(item, name);
            variables.remove(before);
            places.remove(before);
        }
        let value = Some(text.to_owned());
        variables.push(EnvVar { name: name.to_owned(), value, value_from: None });
        places.push(KeyedSpan { key: None, value: item.span });
    };
    // `NAME: x` in a mapping is a variable called NAME.
    let is_one = |node: &Node| node.get("name").is_some();
    if let Some(entries) = entry.value.as_map().filter(|_| !is_one(&entry.value)) {
        for variable in entries {
            add(findings, &variable.value, &variable.key.text, &variable.value);
        }
    } else {
        for item in items(&entry.value) {
            if item.is_null() {
                continue;
            }
            if let Some((name, value)) = item.as_text().and_then(|text| text.split_once('=')) {
                add(findings, item, name, &Node::plain(value, item.span));
                continue;
            }
            let fields = findings.fields(item, "env[]", ENV_VAR);
            let Some(name) = fields.get("name").and_then(|node| findings.text(node, "env[].name"))
            else {
                if item.as_map().is_some() && fields.get("name").is_none() {
                    missing(findings, item, "env[].name");
                }
                continue;
            };
            match fields.get("value") {
                Some(value) => add(findings, item, name, value),
                None => add(findings, item, name, &Node::plain("", item.span)),
            }
        }
    }
    (!variables.is_empty()).then(|| Located { items: places, ..Located::new(variables, entry) })
}
