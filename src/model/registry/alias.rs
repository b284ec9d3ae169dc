//! Moving aliases.

use jiff::Timestamp;

use super::documents::{AliasDocument, POINTER_VERSION};
use super::error::RegistryError;
use super::names::{Alias, ModelName, Pick, VersionRef};
use super::read::Registry;
use super::sequence::unique_word;

/// An alias that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The version that it meant before, where it was set.
    pub from: Option<u64>,
    /// The version that it means now; `None`: it was taken away.
    pub to: Option<u64>,
}

impl Registry {
    /// Lets an alias mean the version that a reference means now. Where it does already, nothing is
    /// written.
    pub async fn set_alias(
        &self,
        to: &VersionRef,
        alias: &Alias,
        by: &str,
        at: Timestamp,
    ) -> Result<Moved, RegistryError> {
        let version = self.version(to).await?.version;
        let from = self.model(&to.name).await?.aliases.get(alias).copied();
        if from == Some(version) {
            return Ok(Moved { from, to: from });
        }
        self.put_alias(&to.name, alias, Some(version), by, at).await?;
        // Whoever removes the version has said so before looking at its aliases: one of both sees the
        // other.
        let there = self.version(&VersionRef::version(&to.name, version)).await;
        if let Err(error @ RegistryError::NoVersion { .. }) = there {
            self.put_alias(&to.name, alias, from, by, at).await?;
            return Err(error);
        }
        Ok(Moved { from, to: Some(version) })
    }

    /// Takes an alias away. `default` means the newest version again.
    pub async fn unset_alias(
        &self,
        name: &ModelName,
        alias: &Alias,
        by: &str,
        at: Timestamp,
    ) -> Result<Moved, RegistryError> {
        let Some(from) = self.model(name).await?.aliases.get(alias).copied() else {
            let reference = VersionRef { name: name.clone(), pick: Pick::Alias(alias.clone()) };
            let why = "that alias is not set".to_owned();
            return Err(RegistryError::NoVersion { reference, why });
        };
        self.put_alias(name, alias, None, by, at).await?;
        Ok(Moved { from: Some(from), to: None })
    }

    pub(super) async fn put_alias(
        &self,
        name: &ModelName,
        alias: &Alias,
        version: Option<u64>,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        let document = AliasDocument {
            schema_version: POINTER_VERSION,
            version,
            at,
            by: by.to_owned(),
            writer: unique_word(),
        };
        self.put_next(&self.layout(name).alias(alias), &document).await
    }
}
