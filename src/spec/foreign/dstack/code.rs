//! `repos`, `files` and `working_dir`: which code there is, and where commands start.

use super::script::words;
use crate::spec::foreign::common::fields::{Fields, Findings, Table, Use};
use crate::spec::foreign::common::gather::Located;
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::train::Data;
use crate::spec::syntax::{Entry, KeyedSpan, Node, Spans, index_path};
use crate::storage::Place;
use crate::text::shell_word;

pub(super) const REPO: Table = &[
    ("local_path", Use::Kept("code")),
    ("url", Use::Changed("a `git clone` before the commands")),
    ("branch", Use::Changed("the branch that is cloned")),
    ("hash", Use::Changed("the commit that is checked out")),
    (
        "path",
        Use::Changed("the folder that is cloned into; code of this machine is the working folder"),
    ),
    ("if_exists", Use::Left("the working folder of a run is new")),
];
pub(super) const FILE: Table =
    &[("local_path", Use::Kept("data.uri")), ("path", Use::Kept("data.path"))];

/// Where dstack has the code of a repository unless it is told another place.
pub(super) const REPO_FOLDER: &str = "/workflow";

/// The code, and what a shell does before the commands to be where they start.
#[derive(Default)]
pub(super) struct Code {
    pub(super) place: Option<Place>,
    pub(super) data: Vec<Data>,
    pub(super) before: Vec<String>,
    /// How many of those are done where the code is.
    pub(super) fetched: usize,
    /// Where the code would be at dstack.
    folder: Option<String>,
    /// Where the commands start.
    starts: Option<String>,
}

/// Reads them. `is_usual` says that the folder of the file travels where nothing says which does.
pub(super) fn code(
    findings: &mut Findings,
    fields: &Fields<'_>,
    is_usual: bool,
    spans: &mut Spans,
) -> Code {
    let starts = fields.get("working_dir").and_then(Node::as_text);
    let starts = starts.map(|text| text.trim_end_matches('/').to_owned());
    let mut all = Code { starts, ..Code::default() };
    let repos = fields.entry("repos").filter(|entry| !is_empty(entry));
    let files = fields.entry("files").filter(|entry| !is_empty(entry));
    if let Some(entry) = repos {
        let list = items(&entry.value);
        if let Some(second) = list.get(1) {
            let message = "one repository is taken".to_owned();
            findings.refuse(second, message, "clone others in the commands: `git clone`");
        }
        if let Some(first) = list.first() {
            repo(findings, first, &mut all);
            spans.insert("code", Located::new((), entry).place);
        }
    }
    if let Some(entry) = files {
        for item in items(&entry.value) {
            file(findings, item, &mut all, spans);
        }
    }
    if repos.is_none() && files.is_none() && is_usual {
        all.place = Some(".".into());
        all.folder = Some(REPO_FOLDER.to_owned());
    }
    all.fetched = all.before.len();
    if let Some(entry) = fields.entry("working_dir") {
        let text = findings.text(&entry.value, "working_dir").unwrap_or_default();
        starts_in(findings, &entry.value, text.trim_end_matches('/'), &mut all);
    }
    all
}

fn is_empty(entry: &Entry) -> bool {
    entry.value.as_list().is_some_and(<[_]>::is_empty)
}

/// A repository: a folder of this machine, or a URL.
fn repo(findings: &mut Findings, item: &Node, all: &mut Code) {
    let (mut local, mut url, mut branch, mut hash, mut path) = (None, None, None, None, None);
    if let Some(text) = item.as_text() {
        let is_url =
            text.contains("://") || text.split(':').next().is_some_and(|at| at.contains('@'));
        let split = if is_url {
            let start = text.find(':').map_or(0, |at| at + 1);
            text[start..].split_once(':').map(|(rest, path)| (&text[..start + rest.len()], path))
        } else {
            text.split_once(':')
        };
        let (from, to) = split.map_or((text, None), |(from, to)| (from, Some(to.to_owned())));
        path = to;
        *(if is_url { &mut url } else { &mut local }) = Some(from.to_owned());
    } else {
        let fields = findings.fields(item, "repos[]", REPO);
        let text = |name: &str| Some(fields.get(name)?.as_text()?.to_owned());
        (local, url, branch, hash) =
            (text("local_path"), text("url"), text("branch"), text("hash"));
        path = text("path").or(path);
    }
    let path = path.filter(|path| path != ".");
    match (local, url) {
        (Some(local), None) => {
            if hash.is_some() || branch.is_some() {
                let help = "the files of this machine travel as they are: check out what is meant";
                findings.otherwise(item, "branch", help);
            }
            all.place = Some(local.as_str().into());
            all.folder = path.or(Some(".".to_owned()));
        }
        (None, Some(url)) => {
            let last = url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
            let folder = path.clone().unwrap_or_else(|| last.trim_end_matches(".git").to_owned());
            let folder = shell_word(&folder);
            let branch = branch.map(|branch| format!("--branch {} ", shell_word(&branch)));
            let (branch, url) = (branch.unwrap_or_default(), shell_word(&url));
            all.before.push(format!("git clone -q {branch}{url} {folder}"));
            if let Some(hash) = hash {
                all.before.push(format!("git -C {folder} checkout -q {}", shell_word(&hash)));
            }
            if path.is_none() {
                all.before.push(format!("cd {folder}"));
                all.folder = Some(REPO_FOLDER.to_owned());
            }
        }
        _ => findings.missing(item, "repos[].local_path"),
    }
}

/// A file or folder of this machine.
fn file(findings: &mut Findings, item: &Node, all: &mut Code, spans: &mut Spans) {
    let (local, path) = if let Some(text) = item.as_text() {
        let (local, path) = text.split_once(':').unwrap_or((text, text));
        (local.to_owned(), path.to_owned())
    } else {
        let fields = findings.fields(item, "files[]", FILE);
        let text = |name: &str| Some(fields.get(name)?.as_text()?.to_owned());
        let Some(local) = text("local_path") else {
            findings.missing(item, "files[].local_path");
            return;
        };
        let path = text("path").unwrap_or_else(|| local.clone());
        (local, path)
    };
    let place = KeyedSpan { key: None, value: item.span };
    let path = path.trim_start_matches("./").trim_end_matches('/');
    if path.is_empty() || path == "." {
        if all.place.is_some() {
            let message = "two folders would be the working folder".to_owned();
            findings.refuse(item, message, "give one of them a path: `LOCAL:FOLDER`");
            return;
        }
        all.place = Some(local.as_str().into());
        spans.insert("code", place);
    } else if path.starts_with('/') && all.place.is_none() && all.starts.as_deref() == Some(path) {
        // What is put where the commands start is the working folder.
        all.place = Some(local.as_str().into());
        all.folder = Some(path.to_owned());
        spans.insert("code", place);
    } else if path.starts_with(['/', '~']) || path.starts_with("..") || local.starts_with('~') {
        let message = "files are put into the working folder only".to_owned();
        let help = "write `LOCAL:PATH` with a path without `/`, `~` or `..` before it, and let the commands find it \
                    there";
        findings.refuse(item, message, help);
    } else {
        spans.insert(index_path("data", all.data.len()), place);
        let uri = if local.starts_with('/') { format!("file://{local}") } else { local };
        all.data.push(Data { uri: uri.as_str().into(), path: path.to_owned() });
    }
}

/// Goes to the folder in which the commands start.
fn starts_in(findings: &mut Findings, node: &Node, folder: &str, all: &mut Code) {
    if matches!(folder, "" | ".") {
        return;
    }
    let below = |root: &str| {
        let rest = folder.strip_prefix(root)?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned())
    };
    let is_beside = all.folder.as_deref() == Some(".");
    let own = if is_beside { Some(REPO_FOLDER) } else { all.folder.as_deref() };
    let own = own.filter(|own| own.starts_with('/')).and_then(below);
    if let Some(inside) = own {
        if !inside.is_empty() {
            all.before.push(format!("cd {}", shell_word(&inside)));
        }
    } else if folder.starts_with('/') && is_beside {
        // The repository is put where the commands start, which is the working folder here.
        let message = format!("commands start in the copy of the code, not in {folder}");
        findings.instead(node, message, "write paths of the code without it");
    } else if folder.starts_with('/') {
        let folder = shell_word(folder);
        all.before.push(format!("mkdir -p {folder} && cd {folder}"));
    } else {
        all.before.push(format!("cd {}", shell_word(folder)));
    }
}

/// The commands name files that they don't make or fetch themselves.
pub(super) fn names_files(script: &str) -> bool {
    let fetches = ["git clone", "wget ", "curl ", "cd /", "<<"];
    if fetches.iter().any(|word| script.contains(word)) {
        return false;
    }
    let endings = [".py", ".sh", ".txt", ".yaml", ".yml", ".toml", ".ipynb"];
    let is_file = |word: &String| {
        !word.starts_with(['/', '$', '-', '~'])
            && endings.iter().any(|ending| word.ends_with(ending))
    };
    words(script).unwrap_or_default().iter().any(is_file)
        || ["pip install -e .", "pip install .", "uv sync"].iter().any(|own| script.contains(own))
}
