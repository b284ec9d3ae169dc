//! The one way in which code is copied on this machine: at a submission, and into working folders.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::ioctl_ficlone;

use super::carry::{Carried, Mask, carry};
use super::digest::{CodeDigest, digest_code, next_data};
use super::rules::CodeRules;
use super::walk::walk;

/// Makes a copy of code that stays as it is whatever becomes of the folder, in a folder that is there,
/// and says what it is.
pub fn fix_code(
    code: &Path,
    target: &Path,
    rules: &CodeRules,
    mask: Mask,
) -> io::Result<CodeDigest> {
    copy_code(code, target, rules, mask)?;
    Ok(digest_code(target, &CodeRules::fixed(), mask)?)
}

/// Copies what of a folder or file of code travels into a folder that is there, with its permissions.
/// `mask` takes the literal secrets out of specs.
///
/// A copy shares its blocks with the file where the file system can do that, so that it costs nothing
/// until somebody writes to one of them; elsewhere what a file leaves out is left out of its copy too.
/// It is never a second name of the file: an edit in place would change both.
pub fn copy_code(code: &Path, target: &Path, rules: &CodeRules, mask: Mask) -> io::Result<()> {
    let code = walk(code, rules)?;
    for entry in &code.entries {
        let to = target.join(&entry.path);
        if entry.is_dir {
            fs_err::create_dir_all(&to)?;
            continue;
        }
        let mode = match carry(&code, entry, mask)? {
            Carried::Left(_) => continue,
            Carried::Link(leads) => {
                fs_err::os::unix::fs::symlink(leads, &to)?;
                continue;
            }
            Carried::File { bytes, mode, .. } => {
                fs_err::write(&to, bytes)?;
                mode
            }
            Carried::Large { file, mode, size } => {
                copy_file(file, size, &to)?;
                mode
            }
        };
        fs_err::set_permissions(&to, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn copy_file(mut from: File, size: u64, to: &Path) -> io::Result<()> {
    let target = fs_err::File::create_new(to)?;
    if ioctl_ficlone(target.file(), &from).is_ok() {
        return Ok(());
    }
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", to.display()));
    let mut file = target.file();
    let mut at = next_data(&from, 0);
    while at < size {
        let end = hole_after(&from, at).min(size);
        from.seek(SeekFrom::Start(at)).map_err(named)?;
        file.seek(SeekFrom::Start(at)).map_err(named)?;
        // The system copies between two files by itself.
        if io::copy(&mut (&from).take(end - at), &mut file).map_err(named)? < end - at {
            // It has become shorter meanwhile.
            break;
        }
        at = next_data(&from, end);
    }
    file.set_len(size).map_err(named)
}

/// Where the next stretch begins that is not on the disk.
fn hole_after(file: &File, at: u64) -> u64 {
    rustix::fs::seek(file, rustix::fs::SeekFrom::Hole(at))
        .ok()
        .filter(|end| *end > at)
        .unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{FileExt, MetadataExt};

    use super::*;

    #[test]
    fn a_copy_is_whole_sparse_and_its_own() {
        let root = tempfile::tempdir().unwrap();
        let (code, copy) = (root.path().join("code"), root.path().join("copy"));
        fs_err::create_dir(&code).unwrap();
        fs_err::create_dir(&copy).unwrap();
        let size = 256 << 20;
        let file = fs_err::File::create(code.join("weights")).unwrap();
        file.file().set_len(size).unwrap();
        for at in [0, 100 << 20, size - 5] {
            file.file().write_all_at(b"bytes", at).unwrap();
        }
        let none: Mask = |_, _| None;
        let digest = fix_code(&code, &copy, &CodeRules::default(), none).unwrap();
        assert_eq!(digest, digest_code(&code, &CodeRules::default(), none).unwrap());
        assert_eq!((digest.files, digest.bytes), (1, size));
        let meta = fs_err::metadata(copy.join("weights")).unwrap();
        assert_eq!(meta.len(), size);
        assert!(meta.blocks() * 512 < 8 << 20, "{} blocks", meta.blocks());
        file.file().write_all_at(b"other", 0).unwrap();
        assert_eq!(digest, digest_code(&copy, &CodeRules::fixed(), none).unwrap());
    }
}
