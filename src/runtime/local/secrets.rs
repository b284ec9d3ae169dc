//! Values of Kubernetes Secrets for local runs.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::config::LocalConfig;
use crate::plan::RolePlan;
use crate::runtime::RuntimeError;
use crate::storage::{self, DOCUMENT_LIMIT, ReadError, read_open};
use crate::sys;

/// Secret name to key to value.
pub type Secrets = BTreeMap<String, BTreeMap<String, String>>;

/// The secrets file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// It can't be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Its owner and mode can't be asked for.
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
    match storage::open(path) {
        Ok(_) => {}
        Err(error) if error.is_missing() => return Ok(Secrets::new()),
        Err(error) => return Err(error.into()),
    }
    let mut file = sys::open_own(&sys::check_own(path)?, OpenOptions::new().read(true))?;
    if file.metadata()?.mode() & 0o077 != 0 {
        return Err(SecretsError::Open(name));
    }
    let text = read_open(&mut file, path, DOCUMENT_LIMIT)?;
    let text = String::from_utf8(text).map_err(|_| ReadError::NotText(path.to_owned()))?;
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

/// Where a key of a secret was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretFrom {
    /// In a variable, [`secret_variable`].
    Variable,
    /// In the secrets file.
    File,
}

impl LocalConfig {
    /// What is in the secrets file now.
    pub fn secrets_now(&self) -> Result<Secrets, SecretsError> {
        match &self.secrets_file {
            Some(path) => read_secrets_file(path),
            None => Ok(self.secrets.clone()),
        }
    }

    /// What the secrets file is called in messages.
    fn secrets_place(&self) -> String {
        let path = self.secrets_file.as_ref().map(|path| format!(" {}", path.display()));
        format!("the secrets file{}", path.unwrap_or_default())
    }

    /// The value of a key of a secret: a variable comes before the file.
    pub fn secret_in<'a>(
        &'a self,
        secrets: &'a Secrets,
        name: &str,
        key: &str,
    ) -> Option<(&'a String, SecretFrom)> {
        let of_variable = self.env.get(&secret_variable(name, key));
        let of_file = || Some((secrets.get(name)?.get(key)?, SecretFrom::File));
        of_variable.map(|value| (value, SecretFrom::Variable)).or_else(of_file)
    }
}

/// The variables of one role whose values are in Secrets, by `secretKeyRef` and `secrets`.
pub(super) fn referred_secrets(
    config: &LocalConfig,
    role: &RolePlan,
) -> Result<BTreeMap<String, String>, RuntimeError> {
    let secrets =
        config.secrets_now().map_err(|error| RuntimeError::Refused(vec![error.to_string()]))?;
    let mut values = BTreeMap::new();
    let mut missing = Vec::new();
    for variable in &role.env {
        let Some(source) = &variable.value_from else { continue };
        let key = &source.secret_key_ref;
        let name = secret_variable(&key.name, &key.key);
        match config.secret_in(&secrets, &key.name, &key.key) {
            Some((value, _)) => drop(values.insert(variable.name.clone(), value.clone())),
            None if key.optional => {}
            None => missing.push(format!(
                "env {}: key {} of secret {} is not known here; set {name}, or write it into {}",
                variable.name,
                key.key,
                key.name,
                config.secrets_place()
            )),
        }
    }
    for whole in &role.secrets {
        match secrets.get(&whole.name) {
            Some(keys) if whole.mount_path.is_none() => values.extend(keys.clone()),
            Some(_) => {}
            None => missing.push(format!(
                "secret {} is not known here; write it into {}, as {}: {{KEY: VALUE}}",
                whole.name,
                config.secrets_place(),
                whole.name
            )),
        }
    }
    if missing.is_empty() { Ok(values) } else { Err(RuntimeError::Refused(missing)) }
}
