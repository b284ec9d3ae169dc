//! A predictor's model: `model`, or the older key with the framework's name.

use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::syntax::{Entry, Node};

use super::formats::{Protocol, is_known_runtime, runner};
use super::program::{Shape, custom, framework, picked};
use super::runtime::{Found, Runtimes};
use super::storage;
use super::system::Served;

const PATCH: Use = Use::Changed("`podPatch`");

/// The fields of a model, which are those of a container, too.
pub(super) const MODEL: Table = &[
    ("modelFormat", Use::Within),
    ("runtime", Use::Changed("the server; one of the same file gives its container")),
    ("protocolVersion", Use::Changed("the server, and `protocol: grpc` for gRPC")),
    ("storageUri", Use::Kept("revisions[].model")),
    ("storage", Use::Within),
    ("runtimeVersion", Use::Changed("the tag of `image`")),
    ("image", Use::Kept("revisions[].image")),
    ("command", Use::Kept("revisions[].command")),
    ("args", Use::Kept("revisions[].args")),
    ("env", Use::Kept("revisions[].env")),
    ("envFrom", Use::Kept("revisions[].secrets")),
    ("resources", Use::Changed("`cpu`, `memory`, `accelerators`; other resources by `podPatch`")),
    ("volumeMounts", Use::Kept("revisions[].volumes")),
    ("ports", Use::Within),
    ("readinessProbe", Use::Within),
    ("livenessProbe", Use::Within),
    ("startupProbe", Use::Within),
    ("name", Use::Changed("not needed: the container of a server has one name")),
    ("imagePullPolicy", PATCH),
    ("workingDir", PATCH),
    ("securityContext", PATCH),
    ("lifecycle", PATCH),
    ("terminationMessagePath", PATCH),
    ("terminationMessagePolicy", PATCH),
    ("resizePolicy", PATCH),
    ("restartPolicy", PATCH),
    ("volumeDevices", PATCH),
    ("stdin", PATCH),
    ("stdinOnce", PATCH),
    ("tty", PATCH),
    (
        "modelClassName",
        Use::Refused("TorchServe is retired: serve the model by a container of your own"),
    ),
    ("nthread", Use::Changed("`args: [--nthread=N]`")),
];

pub(super) const FORMAT: Table = &[
    ("name", Use::Changed("the server")),
    (
        "version",
        Use::Changed("not needed: a server reads what it can; `runtimeVersion` picks its image"),
    ),
];

/// The fields of a container within a model, and where a container stands alone.
pub(super) const OF_CONTAINERS: [&str; 22] = [
    "name",
    "image",
    "command",
    "args",
    "env",
    "envFrom",
    "resources",
    "volumeMounts",
    "ports",
    "readinessProbe",
    "livenessProbe",
    "startupProbe",
    "imagePullPolicy",
    "workingDir",
    "securityContext",
    "lifecycle",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "resizePolicy",
    "restartPolicy",
    "volumeDevices",
    "tty",
];

/// Reads `model`, or the key of a framework, into a revision. `of_pod` are fields of the pod.
pub(super) fn model(
    findings: &mut Findings,
    entry: &Entry,
    of_pod: Vec<Entry>,
    uris: Option<&Entry>,
    runtimes: &Runtimes<'_>,
    served: &mut Served<'_>,
) -> Option<()> {
    let key = entry.key.text.as_str();
    let fields = findings.fields(&entry.value, key, MODEL);
    if let Some(class) = fields.entry("modelClassName") {
        let help = "TorchServe is retired: serve TorchScript by `runtime: kserve-tritonserver`, and other models by \
                    a container of your own below `predictor.containers`";
        findings.refuse(
            &class.value,
            "models of PyTorch's classes are served by nothing here".to_owned(),
            help,
        );
        return None;
    }
    let (format, at) = format(findings, entry, &fields)?;
    let protocol = Protocol::of(findings, fields.entry("protocolVersion"));
    let runtime = fields.entry("runtime").filter(|entry| entry.value.as_text() != Some(""));
    let mut own = picked(&entry.value, &OF_CONTAINERS);
    nthread(&mut own, &fields);
    let name = runtime.and_then(|runtime| findings.text(&runtime.value, "runtime"));
    match runtimes.named(name, &format) {
        Found::One(found) => {
            storage(findings, &fields, uris, false, served);
            let shape = found.shape(findings, of_pod, own, entry.key.span);
            let second =
                found.protocol(findings, fields.entry("protocolVersion").is_some(), protocol);
            let taken = custom(findings, shape, Some(second), served);
            if storage::folder(served).is_none()
                && findings_are_clean(findings)
                && found.wants_model()
            {
                findings.missing(&entry.value, &format!("{key}.storageUri"));
            }
            return taken;
        }
        Found::Unplain(entry) => {
            let message = "a runtime with several containers or nodes is not run".to_owned();
            findings.refuse(
                entry,
                message,
                "write the container that serves below `predictor.containers`",
            );
            return None;
        }
        Found::None => {}
    }
    if let (Some(entry), Some(name)) = (runtime, name.filter(|name| !is_known_runtime(name))) {
        let message = format!("nothing in this file says what the runtime `{name}` is");
        let help = "put its ServingRuntime into the same file, behind `---`, or write its container below \
                    `predictor.containers`";
        findings.refuse(&entry.value, message, help);
        return None;
    }
    let runner = runner(findings, &format, &at, runtime, protocol)?;
    storage(findings, &fields, uris, true, served);
    let version = fields.entry("runtimeVersion");
    let version = version.and_then(|version| findings.text(&version.value, "runtimeVersion"));
    if storage::folder(served).is_none() && runner.needs_model() && findings_are_clean(findings) {
        findings.missing(&entry.value, &format!("{key}.storageUri"));
    }
    let shape = Shape { pod: of_pod, container: own, at: entry.key.span };
    served.of("server", entry);
    framework(findings, shape, runner, (protocol, version), served)
}

/// The format by its name, and where it is said.
fn format(findings: &mut Findings, entry: &Entry, fields: &Fields<'_>) -> Option<(String, Node)> {
    let key = entry.key.text.as_str();
    if key != "model" {
        let at = Node { span: entry.key.span, ..entry.value.clone() };
        return Some((key.to_ascii_lowercase(), at));
    }
    let Some(format) = fields.entry("modelFormat") else {
        findings.missing(&entry.value, "model.modelFormat");
        return None;
    };
    let inner = findings.fields(&format.value, "modelFormat", FORMAT);
    let Some(name) = inner.get("name") else {
        findings.missing(&format.value, "modelFormat.name");
        return None;
    };
    Some((findings.text(name, "modelFormat.name")?.to_owned(), name.clone()))
}

fn storage(
    findings: &mut Findings,
    fields: &Fields<'_>,
    uris: Option<&Entry>,
    needs_folder: bool,
    served: &mut Served<'_>,
) {
    match uris {
        Some(uris) => storage::uris(findings, uris, needs_folder, served),
        None => storage::model(findings, fields, needs_folder, served),
    }
}

/// An older field for what is an argument of the server.
fn nthread(own: &mut Vec<Entry>, fields: &Fields<'_>) {
    use crate::spec::syntax::{Key, Value};
    let Some(entry) = fields.entry("nthread") else { return };
    let Some(count) = entry.value.as_text() else { return };
    let item = Node::plain(format!("--nthread={count}"), entry.value.span);
    let key = Key { text: "args".to_owned(), span: entry.key.span };
    own.push(Entry { key, value: Node { span: entry.value.span, value: Value::List(vec![item]) } });
}

/// No error was found so far.
pub(super) fn findings_are_clean(findings: &Findings) -> bool {
    use crate::spec::syntax::Severity;
    findings.list.iter().all(|finding| finding.severity != Severity::Error)
}
