//! Brings this program to where a pod's other containers run it from.

use std::io;
use std::path::{Path, PathBuf};

use fs_err::File;
use fs_err::os::unix::fs::OpenOptionsExt;

/// The mode of the copy: everybody may read and run it, and nobody may write to it.
const MODE: u32 = 0o555;

/// Copies `program` to `mlctl` in a folder; a copy that is there already is replaced at once, never
/// written to, so that it may be running meanwhile.
pub fn install(program: &Path, dir: &Path) -> io::Result<PathBuf> {
    fs_err::create_dir_all(dir)?;
    let target = dir.join("mlctl");
    let partial = dir.join(format!(".mlctl.{}", std::process::id()));
    let copied = copy(program, &partial).and_then(|()| fs_err::rename(&partial, &target));
    if copied.is_err() {
        // What can't be removed is a part of a copy, which nobody runs.
        let _ = fs_err::remove_file(&partial);
    }
    copied.map(|()| target)
}

fn copy(program: &Path, partial: &Path) -> io::Result<()> {
    let mut options = fs_err::OpenOptions::new();
    // The process's mask may take bits away, so that the mode is set again below.
    let mut file = options.write(true).create(true).truncate(true).mode(MODE).open(partial)?;
    io::copy(&mut File::open(program)?, &mut file)?;
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(MODE))?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_copy_replaces_an_older_one() {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("program");
        for text in ["one", "two"] {
            fs_err::write(&program, text).unwrap();
            let installed = install(&program, &root.path().join("bin")).unwrap();
            assert_eq!(fs_err::read_to_string(&installed).unwrap(), text);
            assert_eq!(fs_err::metadata(&installed).unwrap().permissions().mode() & 0o777, MODE);
        }
        assert_eq!(fs_err::read_dir(root.path().join("bin")).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_copy_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        assert!(install(&root.path().join("none"), root.path()).is_err());
        assert_eq!(fs_err::read_dir(root.path()).unwrap().count(), 0);
    }
}
