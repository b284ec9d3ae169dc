//! What a command will look for in vain: files of the code that it names and that stay behind.

use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;

use super::LoadedJob;
use crate::plan::Plan;
use crate::storage::{Code, Skipped, Why};

/// What stands against a run, and what a person should know.
#[derive(Debug, Default)]
pub(super) struct Missed {
    pub(super) refused: Vec<String>,
    pub(super) notices: Vec<String>,
}

/// Looks for all that the commands and the set-up name among what stays behind. Without its script a
/// command can't run, which is refused; any other file may be one that it writes, and is told of. A
/// link that leads out of the code is never what a command writes first: it is refused.
pub(super) fn missed(job: &LoadedJob, plan: Option<&Plan>, code: &Code) -> Missed {
    let mut missed = Missed::default();
    if nothing_travels(job, code, &mut missed) {
        return missed;
    }
    // What one role only mentions may be what another can't run without.
    let mut all: IndexMap<PathBuf, Use> = IndexMap::new();
    let roles = plan.map_or(&[][..], |plan| &plan.gang().roles);
    for role in roles {
        let mut has_script = false;
        for (path, mut used) in named(&role.command) {
            // A link to a folder is no script.
            let is_file =
                fs_err::metadata(code.root().join(&path)).is_ok_and(|meta| meta.is_file());
            if used == Use::Needed {
                used = if is_file && !has_script { Use::Needed } else { Use::Named };
                has_script |= is_file;
            }
            let known = all.entry(path).or_insert(used);
            *known = used.max(*known);
        }
    }
    all.retain(|path, _| !is_data(job, path));
    let python = job.job.setup.as_ref().and_then(|setup| setup.python.as_ref());
    if let Some(path) = python.and_then(|python| below(python.requirements.as_deref()?)) {
        all.insert(path, Use::Needed);
    }
    for (path, used) in all {
        look(code, &path, used, &mut missed);
    }
    missed
}

/// Nothing is left of a folder that has something in it.
fn nothing_travels(job: &LoadedJob, code: &Code, missed: &mut Missed) -> bool {
    let Some(Skipped { rule, .. }) = code.skipped.first() else { return false };
    if code.entries.iter().any(|entry| !entry.is_dir) {
        return false;
    }
    let all = format!(
        "code: nothing of {} travels: {rule} leaves it out; a line `!*` in its .mlctlignore takes it \
         along",
        code.root().display()
    );
    // The image of a Vertex file may have it all: the folder was not named by anybody.
    if job.foreign {
        missed.notices.push(all);
    } else {
        missed.refused.push(all);
    }
    true
}

fn is_data(job: &LoadedJob, path: &Path) -> bool {
    job.job.data.iter().any(|data| path.starts_with(data.path.trim_start_matches("./")))
}

fn look(code: &Code, path: &Path, used: Use, missed: &mut Missed) {
    let shown = path.display();
    let there = fs_err::symlink_metadata(code.root().join(path));
    let left = code.left.iter().find(|one| path.starts_with(&one.path));
    match left.map(|one| (&one.path, &one.why)) {
        Some((link, Why::Outside { to })) => missed.refused.push(format!(
            "code: the command names {shown}, and {link} is a link out of the code, to {to}, which \
             doesn't travel: name that place itself, put a copy in the link's place, or add it to \
             `data`; if the link isn't meant, a line `/{link}` in .mlctlignore leaves it out",
            link = link.display(),
            to = to.display()
        )),
        Some((_, Why::Output)) if used == Use::Needed => missed.refused.push(format!(
            "code: the command names {shown}, which lies where runs write their outputs, and these \
             don't travel: name another `output`, or put the file elsewhere"
        )),
        Some((_, Why::Output)) if used == Use::Named && there.is_ok() => {
            missed.notices.push(format!(
                "code: the command names {shown}, which lies where runs write their outputs and \
                 doesn't travel: if it is read, name it in `data`"
            ));
        }
        _ => {}
    }
    let Some(Skipped { path: by, rule }) =
        code.skipped.iter().find(|one| path.starts_with(&one.path))
    else {
        return;
    };
    let dir = if code.root().join(by).is_dir() { "/" } else { "" };
    let line = format!("`!/{}{dir}`", by.display());
    if used == Use::Needed {
        missed.refused.push(format!(
            "code: the command needs {shown}, which doesn't travel: {rule} leaves it out; a line \
             {line} in .mlctlignore takes it along"
        ));
    } else if used == Use::Named && there.is_ok_and(|meta| !meta.is_dir()) {
        missed.notices.push(format!(
            "code: the command names {shown}, which doesn't travel: {rule} leaves it out; if it is \
             read, a line {line} in .mlctlignore takes it along"
        ));
    }
}

/// What a command does with a path that it names, as far as its words tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    /// It writes to it: the path stands behind `>`, or is an argument of `tee`.
    Written,
    /// Anything: it is the value of an option.
    Named,
    /// It reads it, or has it for its script: the path stands for itself.
    Needed,
}

/// Programs whose first argument beside options is a script.
const RUNNERS: [&str; 5] = ["sh", "bash", "dash", "zsh", "torchrun"];

/// Paths of the code's folder that a command may name, in their order: its words, also those of a
/// shell's script, what stands behind `=`, and modules of Python.
fn named(command: &[String]) -> Vec<(PathBuf, Use)> {
    let mut found = Vec::new();
    let between = |c: char| c.is_whitespace() || ";&|()<>\"'`".contains(c);
    // The words before in the same command: the very last, and the last that is no option.
    let (mut before, mut program) = ("", "");
    for arg in command {
        let mut rest = arg.as_str();
        while !rest.is_empty() {
            let (gap, text) = rest.split_at(rest.find(|c| !between(c)).unwrap_or(rest.len()));
            let (word, next) = text.split_at(text.find(between).unwrap_or(text.len()));
            rest = next;
            if gap.contains([';', '&', '|', '(', ')', '`', '\n']) {
                (before, program) = ("", "");
            }
            if word.is_empty() {
                continue;
            }
            let (last, runner) = (std::mem::replace(&mut before, word), program);
            let is_runner = runner.starts_with("python") || RUNNERS.contains(&runner);
            if last == "-m" {
                let path = PathBuf::from(word.replace('.', "/"));
                let files = ["__main__.py", "__init__.py"].map(|file| path.join(file));
                let files = [path.with_extension("py")].into_iter().chain(files);
                found.extend(files.map(|path| (path, Use::Needed)));
                program = word;
                continue;
            }
            if word.starts_with('-') && !word.contains('=') {
                // What follows is a command of its own.
                if is_runner && !word.starts_with("--") && word.ends_with('c') {
                    (before, program) = ("", "");
                }
                continue;
            }
            let (value, is_option) = match word.split_once('=') {
                Some((_, value)) => (value, true),
                None => (word, last.starts_with('-') && last != "--" && !is_runner),
            };
            let used = if gap.contains('>') || program == "tee" {
                Use::Written
            } else if is_option {
                Use::Named
            } else {
                Use::Needed
            };
            found.extend(below(value).map(|path| (path, used)));
            if !is_option && used != Use::Written {
                program = word.rsplit('/').next().unwrap_or(word);
            }
        }
    }
    found
}

/// A path below the working folder, tidied.
fn below(word: &str) -> Option<PathBuf> {
    let parts = Path::new(word).components().filter(|part| *part != Component::CurDir);
    let path: PathBuf = parts.clone().collect();
    let is_below = parts.clone().all(|part| matches!(part, Component::Normal(_)));
    (is_below && !path.as_os_str().is_empty()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_may_be_paths() {
        for (command, paths) in [
            (
                &["python", "./train.py", "--config=a/b.yaml", "-v", "/etc/x", "../y"][..],
                &["python", "train.py", "a/b.yaml"][..],
            ),
            (
                &["sh", "-c", "cd lib; python x.py>out.log && cat 'a.txt'"],
                &["sh", "cd", "lib", "python", "x.py", "out.log", "cat", "a.txt"],
            ),
            (
                &["python", "-m", "pkg.train", "1"],
                &["python", "pkg/train.py", "pkg/train/__main__.py", "pkg/train/__init__.py", "1"],
            ),
        ] {
            let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            let named: Vec<PathBuf> = named(&command).into_iter().map(|(path, _)| path).collect();
            assert_eq!(named, paths);
        }
    }

    #[test]
    fn words_tell_what_a_path_is_for() {
        let uses = |command: &[&str], path: &str| {
            let command: Vec<String> = command.iter().map(|word| (*word).to_owned()).collect();
            let found = named(&command).into_iter().find(|(one, _)| one == Path::new(path));
            found.expect("named").1
        };
        for (command, path, used) in [
            (&["python3", "-u", "x.py"][..], "x.py", Use::Needed),
            (&["/bin/sh", "-ex", "run.sh"], "run.sh", Use::Needed),
            (&["torchrun", "--standalone", "x.py"], "x.py", Use::Needed),
            (&["sh", "-c", "set -e\nA=1 exec python -u x.py"], "x.py", Use::Needed),
            (&["python", "-m", "pkg.x", "-o", "f"], "pkg/x.py", Use::Needed),
            (&["python", "-m", "pkg.x", "-o", "f"], "f", Use::Named),
            (&["cat", "--", "f"], "f", Use::Needed),
            (&["trainer", "--log-file", "f"], "f", Use::Named),
            (&["trainer", "--log-file=f"], "f", Use::Named),
            (&["sh", "-c", "trainer -v -- 2>f"], "f", Use::Written),
            (&["sh", "-c", "trainer | tee -a f"], "f", Use::Written),
            (&["sh", "-c", "trainer > \"f\" x"], "f", Use::Written),
            (&["sh", "-c", "trainer > \"f\" x"], "x", Use::Needed),
            (&["sh", "-c", "trainer | tee f; cat g"], "g", Use::Needed),
            (&["sh", "-c", "trainer <f"], "f", Use::Needed),
        ] {
            assert_eq!(uses(command, path), used, "{command:?} {path}");
        }
    }
}
