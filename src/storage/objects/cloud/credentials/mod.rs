//! Credentials as each cloud's own tools find them. They are resolved before the first request, so that
//! without any the error names every place that was looked at, at once.

mod aws;
mod azure;
mod command;
mod gcs;
mod ini;
mod metadata;

pub(super) use aws::{Aws, aws};
pub(super) use azure::{Azure, azure};
pub(super) use gcs::{Google, google};

use std::path::{Path, PathBuf};

use crate::storage::objects::{StorageConfig, StorageErrorKind};
use crate::storage::{DOCUMENT_LIMIT, read_text};

/// Why there are no credentials.
pub(super) struct NoCredentials {
    pub(super) kind: StorageErrorKind,
    pub(super) reason: String,
}

impl NoCredentials {
    fn denied(reason: impl Into<String>) -> Self {
        Self { kind: StorageErrorKind::Denied, reason: reason.into() }
    }

    /// Nothing was found in these places.
    fn nowhere(places: &[&str], next: &str) -> Self {
        Self::denied(format!("no credentials are found: looked at {}; {next}", places.join(", ")))
    }
}

/// A variable that is set and not empty.
pub(super) fn var<'a>(config: &'a StorageConfig, name: &str) -> Option<&'a str> {
    config.env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
}

/// A file that a variable names, else one below the home.
fn file(config: &StorageConfig, variable: &str, below_home: &str) -> Option<PathBuf> {
    var(config, variable)
        .map(PathBuf::from)
        .or_else(|| Some(config.home.as_ref()?.join(below_home)))
}

/// A document of one of the clouds' tools; `None` where there is none.
fn document(path: &Path) -> Result<Option<String>, NoCredentials> {
    match read_text(path, DOCUMENT_LIMIT) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(NoCredentials::denied(error.to_string())),
    }
}
