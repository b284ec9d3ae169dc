//! Working folders: a writable copy of the code, fresh for each attempt.

use std::io;
use std::path::{Path, PathBuf};

use crate::code::walk;
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

fn copy(code: &Path, target: &Path) -> io::Result<()> {
    for entry in walk(code)? {
        let to = target.join(&entry.path);
        if entry.is_dir {
            fs_err::create_dir_all(&to)?;
        } else {
            fs_err::copy(&entry.source, &to)?;
        }
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
