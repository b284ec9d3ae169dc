//! Values of Kubernetes Secrets for local runs.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Secret name to key to value.
pub(crate) type Secrets = BTreeMap<String, BTreeMap<String, String>>;

/// The secrets file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// It can't be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// Others may read it.
    #[error("{0} can be read by others: chmod 600 {0}")]
    Open(String),
    /// It is not a mapping of names to mappings of keys to values.
    #[error("{0}: {1}; it holds secret names, each with its keys and values")]
    Format(String, String),
}

/// Reads a YAML file of secret name, key, value; a missing file holds none.
pub fn read_secrets_file(path: &Path) -> Result<Secrets, SecretsError> {
    let name = path.display().to_string();
    let text = match fs_err::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Secrets::new()),
        Err(error) => return Err(error.into()),
    };
    if fs_err::metadata(path)?.mode() & 0o077 != 0 {
        return Err(SecretsError::Open(name));
    }
    serde_saphyr::from_str(&text).map_err(|error| SecretsError::Format(name, error.to_string()))
}

/// The variable that gives a key of a secret: `MLCTL_SECRET_<NAME>_<KEY>`.
pub fn secret_variable(name: &str, key: &str) -> String {
    let upper = |text: &str| -> String {
        text.chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect()
    };
    format!("MLCTL_SECRET_{}_{}", upper(name), upper(key))
}
