//! What a flag that mlctl doesn't have is in the spec or the script that a command line names.

use std::path::{Path, PathBuf};

use super::line::Line;
use super::print::unknown;
use crate::cli::{DEFAULT_FILE, Verb};
use crate::spec::syntax::parse;
use crate::spec::{Node, SPEC_LIMIT, explain};
use crate::storage::read_text;

/// What a flag is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// An argument of the script.
    Script,
    /// A change of an argument that the spec has already, as `--set` takes it.
    Known(String),
    /// A change of something else in the spec.
    New(String),
}

/// What `--name value` is in the file of the line.
pub(super) fn meant_in_spec(
    line: &Line,
    verb: &str,
    name: &str,
    value: Option<&str>,
) -> Option<Meant> {
    let file = file_of(line)?;
    let is_script = [".py", ".sh"].iter().any(|end| file.to_string_lossy().ends_with(end));
    if is_script {
        return (verb == "train").then_some(Meant::Script);
    }
    let node = spec(&file)?;
    if let Some(change) = args_of(&node).and_then(|args| args.known(name, value)) {
        return Some(Meant::Known(change));
    }
    if let (Some(kind), Some(value)) = (node.get("kind").and_then(Node::as_text), value)
        && let Some(field) = field(kind, name)
    {
        return Some(Meant::New(format!("{field}={value}")));
    }
    if !matches!(verb, "train" | "tune" | "render" | "validate") {
        return None;
    }
    let args = args_of(&node).or_else(|| Args::missing(&node))?;
    args.added(name, value).map(Meant::New)
}

/// What a flag of a script is in the job that is made of it, where the job has a field of that name.
pub(super) fn field_of_job(name: &str, value: Option<&str>) -> Option<String> {
    Some(format!("{}={}", field("TrainJob", name)?, value?))
}

/// The name of the first role of the line's spec.
pub(super) fn first_role(line: &Line) -> String {
    let role = of_spec(line, |spec| Some(spec.get("roles")?.as_map()?.first()?.key.text.clone()));
    role.flatten().unwrap_or_else(|| "worker".to_owned())
}

/// What somebody finds in the spec of the line, where that can be read.
pub(super) fn of_spec<T>(line: &Line, find: impl FnOnce(&Node) -> T) -> Option<T> {
    Some(find(&spec(&file_of(line)?)?))
}

/// The first file that the line names for its verb, once no flag is left that the verb doesn't have.
fn file_of(line: &Line) -> Option<PathBuf> {
    let mut line = line.clone();
    loop {
        let (cli, _) = match line.read() {
            Ok(read) => read,
            Err(error) => {
                line.take(&unknown(&error)?)?;
                continue;
            }
        };
        let spec = match cli.verb {
            Verb::Train(args) => args.spec,
            Verb::Tune(args) => args.spec,
            Verb::BatchPredict(args) => args.spec,
            Verb::Render(args) => args.spec,
            Verb::Convert(args) => args.spec,
            Verb::Validate(args) => {
                return Some(args.files.first().map_or(DEFAULT_FILE.into(), Clone::clone));
            }
            _ => return None,
        };
        let file = spec.named().first().map_or_else(|| DEFAULT_FILE.into(), |file| (*file).clone());
        return Some(if file.is_dir() { file.join(DEFAULT_FILE) } else { file });
    }
}

/// The first document of a file.
fn spec(file: &Path) -> Option<Node> {
    let text = read_text(file, SPEC_LIMIT).ok()?;
    parse(0, &text).documents.into_iter().next()
}

/// A field of the kind that a text alone fills, by the name of a flag: `max-cost` is `maxCost`.
fn field(kind: &str, flag: &str) -> Option<String> {
    let plain = |name: &str| name.replace(['-', '_'], "").to_lowercase();
    let fields = explain(kind).ok()?.fields.into_iter();
    let mut fields = fields
        .filter(|field| !field.kind.starts_with("mapping") && !field.kind.starts_with("list"));
    fields.find(|field| plain(&field.name) == plain(flag)).map(|field| field.name)
}

/// The arguments of a spec's command, with the path to them.
struct Args<'a> {
    path: String,
    /// Absent where the spec has none.
    node: Option<&'a Node>,
}

/// The first arguments in a document, also one of another system.
fn args_of(root: &Node) -> Option<Args<'_>> {
    find_args(root, String::new())
}

fn find_args(node: &Node, path: String) -> Option<Args<'_>> {
    if let Some(entries) = node.as_map() {
        let below =
            |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        if let Some(args) = node.get("args") {
            return Some(Args { path: below("args"), node: Some(args) });
        }
        let mut entries = entries.iter();
        return entries.find_map(|entry| find_args(&entry.value, below(&step(&entry.key.text))));
    }
    let mut items = node.as_list()?.iter().enumerate();
    items.find_map(|(index, item)| find_args(item, format!("{path}[{index}]")))
}

impl<'a> Args<'a> {
    /// Where a spec of mlctl would have arguments.
    fn missing(root: &Node) -> Option<Args<'a>> {
        let path = match root.get("kind").and_then(Node::as_text)? {
            "TrainJob" => "args",
            "TuneJob" if root.get("trial")?.get("file").is_none() => "trial.args",
            _ => return None,
        };
        Some(Args { path: path.to_owned(), node: None })
    }

    /// The change of an argument that is there already.
    fn known(&self, name: &str, value: Option<&str>) -> Option<String> {
        let Self { path, node } = self;
        let node = node.as_ref()?;
        let plain = |name: &str| name.trim_start_matches('-').replace('_', "-");
        if let Some(entries) = node.as_map() {
            let entry = entries.iter().find(|entry| plain(&entry.key.text) == plain(name))?;
            return Some(format!("{path}.{}={}", step(&entry.key.text), value?));
        }
        let items = node.as_list()?;
        let text = |at: usize| items.get(at).and_then(Node::as_text);
        let is_it = |item: &str| plain(item.split('=').next().unwrap_or_default()) == plain(name);
        let at = (0..items.len())
            .find(|at| text(*at).is_some_and(|item| item.starts_with('-') && is_it(item)))?;
        let item = text(at)?;
        Some(match item.split_once('=') {
            Some((flag, _)) => format!("{path}[{at}]={flag}={}", value?),
            None => format!("{path}[{}]={}", at + 1, value?),
        })
    }

    /// The change that adds an argument.
    fn added(&self, name: &str, value: Option<&str>) -> Option<String> {
        let Self { path, node } = self;
        if let Some(items) = node.and_then(Node::as_list) {
            let value = value.map(|value| format!("={value}")).unwrap_or_default();
            return Some(format!("{path}[{}]=--{name}{value}", items.len()));
        }
        if let Some(value) = value {
            return Some(format!("{path}.{}={value}", step(name)));
        }
        // An argument without a value is `null` in a mapping, which only the whole mapping can say.
        let json = node.map_or_else(|| serde_json::json!({}), Node::to_json);
        let mut all = json.as_object().cloned()?;
        all.insert(name.to_owned(), serde_json::Value::Null);
        Some(format!("{path}={}", serde_json::Value::Object(all)))
    }
}

/// A name as a step of a path.
fn step(name: &str) -> String {
    if name.contains(['.', '[', '=', '"']) { format!("[\"{name}\"]") } else { name.to_owned() }
}
