//! Which versions a model keeps, and settling how many.

use jiff::Timestamp;

use super::documents::{POINTER_VERSION, RetentionDocument};
use super::error::RegistryError;
use super::names::ModelName;
use super::read::{Model, Registry};
use super::sequence::unique_word;

/// The versions that a model does not keep, oldest first: all but the newest `keep` that have no alias
/// and are not deployed.
pub fn expendable(model: &Model) -> Vec<u64> {
    let Some(keep) = model.keep else { return Vec::new() };
    let old = model.versions.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
    let free = model.versions[..old]
        .iter()
        .filter(|version| version.aliases.is_empty() && version.deployments.is_empty());
    free.map(|version| version.version).collect()
}

impl Registry {
    /// Settles how many of a model's newest versions are kept; `None`: all. Nothing is removed before the
    /// next push.
    pub async fn set_retention(
        &self,
        name: &ModelName,
        keep: Option<u64>,
        by: &str,
        at: Timestamp,
    ) -> Result<(), RegistryError> {
        self.model(name).await?;
        let document = RetentionDocument {
            schema_version: POINTER_VERSION,
            keep: keep.map(|keep| keep.max(1)),
            at,
            by: by.to_owned(),
            writer: unique_word(),
        };
        self.put_next(&self.layout(name).retention(), &document).await
    }
}
