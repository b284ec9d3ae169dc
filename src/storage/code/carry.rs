//! One file of the code as it travels: the same for a working folder here and for a cluster.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::contents::{holds_credentials, is_key};
use super::credentials::is_perhaps_key;
use super::found::{Code, Entry};
use super::left::Why;
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
        /// There are credentials in it, and it travels since it is named.
        credentials: bool,
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
    /// A link to a folder that travels too, as the link that it is: where it leads from its own folder.
    Link(PathBuf),
    /// Nothing, for what is in it.
    Left(Why),
}

/// Reads a file of the code and judges what is in it. Literal secrets of specs are masked, also in one
/// that `.mlctlignore` takes along by its name; `mask` knows specs.
pub fn carry(code: &Code, entry: &Entry, mask: Mask) -> Result<Carried, ReadError> {
    if let Some(to) = &entry.link {
        return Ok(Carried::Link(to.clone()));
    }
    let mut file = code.open(entry)?;
    let path = code.root().join(&entry.path);
    let metadata = file.metadata().map_err(|error| ReadError::Io { path: path.clone(), error })?;
    let mode = metadata.permissions().mode() & 0o777;
    // A link may have another name than the file that it leads to.
    let names = [entry.path.as_path(), entry.source.as_path()];
    if metadata.len() > JUDGED || code.is_fixed() {
        if !entry.named && names.into_iter().any(is_perhaps_key) {
            return Ok(Carried::Left(Why::Credentials));
        }
        return Ok(Carried::Large { file, mode, size: metadata.len() });
    }
    let bytes = read_open(&mut file, &path, JUDGED)?;
    let why = holds_credentials(&bytes)
        .or_else(|| names.into_iter().any(|name| is_key(name, &bytes)).then_some(Why::PrivateKey));
    let credentials = match why {
        Some(why) if !entry.named => return Ok(Carried::Left(why)),
        why => why.is_some(),
    };
    let name = entry.path.to_string_lossy();
    // A copy with a byte too much is still one.
    let masked = mask(&name, &String::from_utf8_lossy(&bytes));
    let (bytes, masked) = match masked {
        Some(spec) => (spec.text.into_bytes(), spec.count),
        None => (bytes, 0),
    };
    Ok(Carried::File { bytes, mode, masked, credentials })
}
