//! A copy of code on this machine.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::carry::{Carried, Mask, carry};
use super::walk::walk;

/// Copies what of a folder or file of code travels into a folder that is there, with its permissions.
/// `mask` takes the literal secrets out of specs.
pub fn copy_code(code: &Path, target: &Path, mask: Mask) -> io::Result<()> {
    let code = walk(code)?;
    for entry in &code.entries {
        let to = target.join(&entry.path);
        if entry.is_dir {
            fs_err::create_dir_all(&to)?;
            continue;
        }
        let mode = match carry(&code, entry, mask)? {
            Carried::Left(_) => continue,
            Carried::File { bytes, mode, .. } => {
                fs_err::write(&to, bytes)?;
                mode
            }
            Carried::Large { mut file, mode, size: _ } => {
                io::copy(&mut file, &mut fs_err::File::create(&to)?)?;
                mode
            }
        };
        fs_err::set_permissions(&to, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}
