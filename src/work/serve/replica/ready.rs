//! What a replica of this machine says of itself once it can be asked.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::store::{Durability, private_dir, write_atomic};
use crate::text::read_document;

/// Format of a [`ReadyDocument`].
const READY_VERSION: u32 = 1;

/// A replica that can be asked, in a file that is there for as long as this is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadyDocument {
    /// Format of the document.
    pub schema_version: u32,
    /// Where it is asked by HTTP, `127.0.0.1:PORT`.
    pub http: String,
    /// Where it is asked by gRPC; absent where its server has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grpc: Option<String>,
}

impl ReadyDocument {
    /// A replica of this machine with these addresses.
    pub fn new(http: String, grpc: Option<String>) -> Self {
        Self { schema_version: READY_VERSION, http, grpc }
    }

    /// Says it in a file, which is there whole or not at all.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(dir) = path.parent() {
            private_dir(dir)?;
        }
        let json = serde_json::to_vec(self).map_err(io::Error::other)?;
        write_atomic(path, &json, Durability::Crash)
    }

    /// Takes it back. A file that is not there says nothing already.
    pub fn remove(path: &Path) -> io::Result<()> {
        match fs_err::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// What a replica says; `None` where it can't be asked, or says it in a format of a later mlctl.
    pub fn read(path: &Path) -> Option<Self> {
        let json = fs_err::read(path).ok()?;
        read_document(&json, READY_VERSION).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_read_until_it_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("replicas/digits-abc123.json");
        assert_eq!(ReadyDocument::read(&path), None);
        let said = ReadyDocument::new("127.0.0.1:1".into(), Some("127.0.0.1:2".into()));
        said.write(&path).unwrap();
        assert_eq!(ReadyDocument::read(&path), Some(said));
        ReadyDocument::remove(&path).unwrap();
        ReadyDocument::remove(&path).unwrap();
        assert_eq!(ReadyDocument::read(&path), None);
        let later = br#"{"schemaVersion":2,"http":"127.0.0.1:1"}"#;
        fs_err::write(&path, later).unwrap();
        assert_eq!(ReadyDocument::read(&path), None);
    }
}
