//! What a command will look for in vain: files of the code that it names and that stay behind.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

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
    let mut seen = BTreeSet::new();
    let roles = plan.map_or(&[][..], |plan| &plan.gang().roles);
    for role in roles {
        let mut has_script = false;
        for path in named(&role.command) {
            let there = fs_err::symlink_metadata(code.root().join(&path));
            let is_file = there.is_ok_and(|meta| !meta.is_dir());
            let is_first = is_file && !has_script;
            has_script |= is_file;
            if seen.insert(path.clone()) && !is_data(job, &path) {
                look(code, &path, is_first, is_file, &mut missed);
            }
        }
    }
    let python = job.job.setup.as_ref().and_then(|setup| setup.python.as_ref());
    if let Some(file) = python.and_then(|python| python.requirements.as_deref())
        && let Some(path) = below(file)
    {
        look(code, &path, true, true, &mut missed);
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

fn look(code: &Code, path: &Path, is_needed: bool, is_file: bool, missed: &mut Missed) {
    let shown = path.display();
    let link = code.left.iter().find(|one| path.starts_with(&one.path));
    match link.map(|one| (&one.path, &one.why)) {
        Some((link, Why::Outside { to })) => missed.refused.push(format!(
            "code: the command names {shown}, and {} is a link out of the code, to {}, which doesn't \
             travel: name that place itself, put a copy in the link's place, or add it to `data`",
            link.display(),
            to.display()
        )),
        Some((_, Why::Output)) if is_needed => missed.refused.push(format!(
            "code: the command names {shown}, which lies where runs write their outputs, and these \
             don't travel: name another `output`, or put the file elsewhere"
        )),
        _ => {}
    }
    let Some(Skipped { path: by, rule }) =
        code.skipped.iter().find(|one| path.starts_with(&one.path))
    else {
        return;
    };
    let dir = if code.root().join(by).is_dir() { "/" } else { "" };
    let line = format!("`!/{}{dir}`", by.display());
    if is_needed {
        missed.refused.push(format!(
            "code: the command needs {shown}, which doesn't travel: {rule} leaves it out; a line \
             {line} in .mlctlignore takes it along"
        ));
    } else if is_file {
        missed.notices.push(format!(
            "code: the command names {shown}, which doesn't travel: {rule} leaves it out; if it is \
             read, a line {line} in .mlctlignore takes it along"
        ));
    }
}

/// Paths of the code's folder that a command may name, in their order: its words, also those of a
/// shell's script, what stands behind `=`, and modules of Python.
fn named(command: &[String]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut module = false;
    let between = |c: char| c.is_whitespace() || ";&|()<>\"'`".contains(c);
    for word in command.iter().flat_map(|arg| arg.split(between)) {
        if std::mem::replace(&mut module, word == "-m") {
            let path = PathBuf::from(word.replace('.', "/"));
            found.push(path.with_extension("py"));
            found.extend(["__main__.py", "__init__.py"].map(|file| path.join(file)));
            continue;
        }
        let value = match word.split_once('=') {
            Some((_, value)) => value,
            None if word.starts_with('-') => continue,
            None => word,
        };
        found.extend(below(value));
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
            assert_eq!(named(&command), paths);
        }
    }
}
