//! One file of the code as it travels: the same for a working folder here and for a cluster.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;

use super::contents::holds_credentials;
use super::walk::{Code, Entry, Why};
use crate::storage::{ReadError, read_open};

/// Files up to this size are looked into. Larger ones stay on this machine, since a cluster takes less
/// than this of code, and they are no texts that a person wrote.
pub const JUDGED: u64 = 5 << 20;

/// A text without its literal secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The text with a mask in place of each of them.
    pub text: String,
    /// How many were taken out.
    pub count: usize,
}

/// Takes the literal secrets out of a file with this name and text; `None` where there are none.
pub type Mask = fn(&str, &str) -> Option<Masked>;

/// What of a file travels.
#[derive(Debug)]
pub enum Carried {
    /// All that is in it.
    File {
        /// Its contents, literal secrets masked if it is a spec.
        bytes: Vec<u8>,
        /// Its permissions.
        mode: u32,
        /// How many secrets were masked in it.
        masked: usize,
    },
    /// A file that is too large to be looked into, open at its begin.
    Large {
        /// The file.
        file: File,
        /// Its permissions.
        mode: u32,
        /// Its size in bytes.
        size: u64,
    },
    /// Nothing, for what is in it.
    Left(Why),
}

/// Reads a file of the code and judges what is in it. Literal secrets of specs are masked, also in one
/// that `.mlctlignore` takes along by its name; `mask` knows specs.
pub fn carry(code: &Code, entry: &Entry, mask: Mask) -> Result<Carried, ReadError> {
    let mut file = code.open(entry)?;
    let path = code.root().join(&entry.path);
    let metadata = file.metadata().map_err(|error| ReadError::Io { path: path.clone(), error })?;
    let mode = metadata.permissions().mode() & 0o777;
    if metadata.len() > JUDGED {
        return Ok(Carried::Large { file, mode, size: metadata.len() });
    }
    let bytes = read_open(&mut file, &path, JUDGED)?;
    if !entry.named
        && let Some(why) = holds_credentials(&bytes)
    {
        return Ok(Carried::Left(why));
    }
    let name = entry.path.to_string_lossy();
    // A copy with a byte too much is still one.
    let masked = mask(&name, &String::from_utf8_lossy(&bytes));
    Ok(match masked {
        Some(spec) => Carried::File { bytes: spec.text.into_bytes(), mode, masked: spec.count },
        None => Carried::File { bytes, mode, masked: 0 },
    })
}
