//! Working folders: a writable copy of the code, fresh for each attempt.

use std::io;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use crate::gang::Attempt;

/// Empties `base`, and makes the folder of this attempt with a copy of the code in it.
pub(super) fn fresh(base: &Path, attempt: Attempt, code: Option<&Path>) -> io::Result<PathBuf> {
    empty(base)?;
    let dir = base.join(attempt.to_string());
    fs_err::create_dir_all(&dir)?;
    if let Some(code) = code {
        copy(code, &dir)?;
    }
    Ok(dir)
}

/// Removes all working folders.
pub(super) fn empty(base: &Path) -> io::Result<()> {
    match fs_err::remove_dir_all(base) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The files of `code` that travel: not those that `.gitignore` and `.mlctlignore` name, never
/// `.git`. Symbolic links are followed only where they stay within the folder.
fn copy(code: &Path, target: &Path) -> io::Result<()> {
    if code.is_file() {
        let name = code.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        fs_err::copy(code, target.join(name))?;
        return Ok(());
    }
    let root = fs_err::canonicalize(code)?;
    let walk = WalkBuilder::new(&root)
        .hidden(false)
        .parents(true)
        .require_git(false)
        .git_global(false)
        .add_custom_ignore_filename(".mlctlignore")
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = entry.map_err(io::Error::other)?;
        let Ok(relative) = entry.path().strip_prefix(&root) else { continue };
        let to = target.join(relative);
        let Some(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            fs_err::create_dir_all(&to)?;
        } else if kind.is_file() {
            fs_err::copy(entry.path(), &to)?;
        } else if kind.is_symlink() {
            copy_link(&root, entry.path(), &to)?;
        }
    }
    Ok(())
}

fn copy_link(root: &Path, link: &Path, to: &Path) -> io::Result<()> {
    let Ok(real) = fs_err::canonicalize(link) else { return Ok(()) };
    if real.starts_with(root) && real.is_file() {
        fs_err::copy(real, to)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_files_and_escaping_links_stay_behind() {
        let root = tempfile::tempdir().unwrap();
        let code = root.path().join("code");
        fs_err::create_dir_all(code.join(".git")).unwrap();
        fs_err::create_dir_all(code.join("data")).unwrap();
        for (name, text) in [
            ("train.py", "x"),
            (".env", "x"),
            (".git/config", "x"),
            ("data/big.bin", "x"),
            (".gitignore", "*.log\n"),
            (".mlctlignore", "data/\n"),
            ("run.log", "x"),
        ] {
            fs_err::write(code.join(name), text).unwrap();
        }
        fs_err::write(root.path().join("secret"), "s").unwrap();
        std::os::unix::fs::symlink("../secret", code.join("escape")).unwrap();
        std::os::unix::fs::symlink("train.py", code.join("alias.py")).unwrap();
        let dir = fresh(&root.path().join("work"), 1, Some(&code)).unwrap();
        for (name, there) in [
            ("train.py", true),
            ("alias.py", true),
            (".env", true),
            ("run.log", false),
            ("data/big.bin", false),
            (".git/config", false),
            ("escape", false),
        ] {
            assert_eq!(dir.join(name).exists(), there, "{name}");
        }
        fs_err::write(dir.join("left"), "x").unwrap();
        let next = fresh(&root.path().join("work"), 2, Some(&code)).unwrap();
        assert!(next.join("train.py").exists() && !dir.exists());
    }
}
