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
                let from = code.root().join(&entry.path);
                copy_file(&file, size, &to).map_err(|error| {
                    io::Error::new(error.kind(), format!("{}: {error}", from.display()))
                })?;
                mode
            }
        };
        fs_err::set_permissions(&to, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn copy_file(from: &File, size: u64, to: &Path) -> io::Result<()> {
    let target = fs_err::File::create_new(to)?;
    if ioctl_ficlone(target.file(), from).is_ok() {
        return Ok(());
    }
    copy_content(from, size, target.file())
}

/// Copies what is on the disk of a file of this size.
fn copy_content(mut from: &File, size: u64, mut to: &File) -> io::Result<()> {
    let mut at = next_data(from, 0);
    while at < size {
        let end = hole_after(from, at).min(size);
        from.seek(SeekFrom::Start(at))?;
        to.seek(SeekFrom::Start(at))?;
        // The system copies between two files by itself.
        if io::copy(&mut from.take(end - at), &mut to)? < end - at {
            break;
        }
        at = next_data(from, end);
    }
    // A copy that is cut, or filled up with zeros, would be taken for the file from here on.
    if from.metadata()?.len() != size {
        let reason = "it has changed while it was copied: try again when nothing writes to it";
        return Err(io::Error::other(reason));
    }
    to.set_len(size)
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
    fn a_file_that_is_written_to_meanwhile_is_no_copy() {
        let root = tempfile::tempdir().unwrap();
        fs_err::write(root.path().join("a"), "bytes").unwrap();
        let from = File::open(root.path().join("a")).unwrap();
        for (size, good) in [(5, true), (4, false), (9, false)] {
            let to = File::create(root.path().join(format!("to-{size}"))).unwrap();
            let copied = copy_content(&from, size, &to);
            assert_eq!(copied.is_ok(), good, "{size}");
            if let Err(error) = copied {
                assert!(error.to_string().contains("has changed while it was copied"), "{error}");
            }
        }
    }

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
