//! Removing versions.

use std::io;

use jiff::Timestamp;
use serde::Serialize;

use super::catalog::Catalog;
use super::disk::{blocking, rename};
use super::error::RegistryError;
use super::layout::Layout;
use super::names::{ModelName, VersionRef};
use super::read::{Registry, Version};
use super::sequence::{bytes_of, unique_word};
use crate::storage::{Place, Put};

/// Format of the document that says that a version was removed.
const REMOVED_VERSION: u32 = 1;

/// A version that was removed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// The model.
    pub name: ModelName,
    /// The version. Its number is never used again.
    pub version: u64,
    /// Bytes that are free now.
    pub bytes: u64,
}

/// `_mlctl/removed/VERSION.json`, put if absent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RemovedDocument<'a> {
    schema_version: u32,
    version: u64,
    at: Timestamp,
    by: &'a str,
    writer: String,
}

impl Registry {
    /// Removes a version. One that is deployed, or that an alias was set to, is refused. Its files go after
    /// it has stopped being a version, and whoever is killed between leaves them to the next push.
    pub async fn remove(
        &self,
        name: &ModelName,
        version: u64,
        by: &str,
        at: Timestamp,
    ) -> Result<Removed, RegistryError> {
        let layout = self.layout(name);
        let reference = VersionRef::version(name, version);
        let there = self.version(&reference).await?;
        free(name, &there)?;
        let place = layout.removed(version);
        let document = RemovedDocument {
            schema_version: REMOVED_VERSION,
            version,
            at,
            by,
            writer: unique_word(),
        };
        match self.stores.put_if_absent(&place, bytes_of(&place, &document)?).await? {
            Put::Created => {}
            Put::Exists => {
                let why = "somebody else is removing it".to_owned();
                return Err(RegistryError::NoVersion { reference, why });
            }
        }
        // Whoever deploys it, or gives it an alias, has said so before looking whether it is there: one
        // of both sees the other.
        if let Err(error) = self.is_free(name, version).await {
            self.stores.delete(&place).await?;
            return Err(error);
        }
        self.clear(&layout, version).await?;
        Ok(Removed { name: name.clone(), version, bytes: there.facts.bytes })
    }

    /// No document says that a version, which may be removed already, is deployed or has an alias.
    async fn is_free(&self, name: &ModelName, version: u64) -> Result<(), RegistryError> {
        let mut catalog = Catalog::of(&self.stores, &self.layout(name)).await?;
        catalog.removed.remove(&version);
        let model = self.read_with(name, &catalog, Some(version)).await?;
        model.versions.first().map_or(Ok(()), |version| free(name, version))
    }

    /// Ends what a killed removal has begun.
    pub(super) async fn end_removal(
        &self,
        name: &ModelName,
        version: u64,
    ) -> Result<(), RegistryError> {
        let layout = self.layout(name);
        match self.is_free(name, version).await {
            Ok(()) => self.clear(&layout, version).await,
            // It was deployed, or got an alias, before the removal could look for that.
            Err(RegistryError::Deployed { .. } | RegistryError::Aliased { .. }) => {
                Ok(self.stores.delete(&layout.removed(version)).await?)
            }
            Err(error) => Err(error),
        }
    }

    /// Removes the files of a number that is no version.
    pub(super) async fn clear(&self, layout: &Layout, version: u64) -> Result<(), RegistryError> {
        let folder = layout.version(version);
        let aside = layout.staging(&format!("removed-{}", unique_word()));
        match (&folder, &aside) {
            // In one step out of the sight of servers, then at leisure.
            (Place::Path(from), Place::Path(to)) => {
                if rename(&folder, from.as_path(), to.as_path()).await? {
                    self.delete_below(&aside).await?;
                }
                Ok(())
            }
            _ => self.delete_below(&folder).await,
        }
    }

    /// Removes everything below a folder.
    pub(super) async fn delete_below(&self, folder: &Place) -> Result<(), RegistryError> {
        if let Place::Path(path) = folder {
            let path = path.as_path().to_owned();
            let removed = move || match fs_err::remove_dir_all(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            };
            return blocking("removing", folder, removed).await;
        }
        for object in self.stores.below(folder).await? {
            self.stores.delete(&object.place).await?;
        }
        Ok(())
    }
}

/// Nothing keeps a version from being removed.
fn free(name: &ModelName, version: &Version) -> Result<(), RegistryError> {
    let (name, number) = (name.clone(), version.version);
    if let Some(first) = version.deployments.first() {
        let endpoints = version.deployments.iter().map(|one| one.at.endpoint.clone()).collect();
        let more = match version.deployments.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let host = first.at.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
        let at = format!(
            "as {}/{} in {}{host}{more}",
            first.at.endpoint, first.at.revision, first.at.runtime
        );
        return Err(RegistryError::Deployed { name, version: number, at, endpoints });
    }
    match version.aliases.first() {
        Some(alias) => Err(RegistryError::Aliased { name, version: number, alias: alias.clone() }),
        None => Ok(()),
    }
}
