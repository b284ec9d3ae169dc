//! Removing what dead pushes and removals have left.

use jiff::Timestamp;

use super::lease::is_dead;
use crate::model::registry::catalog::Catalog;
use crate::model::registry::documents::{
    CLAIM_VERSION, ClaimDocument, DECISION_VERSION, Decision, VersionFacts,
};
use crate::model::registry::error::RegistryError;
use crate::model::registry::layout::Layout;
use crate::model::registry::names::ModelName;
use crate::model::registry::read::Registry;
use crate::model::registry::sequence::{bytes_of, unique_word};
use crate::storage::{Object, Place, Put};

impl Registry {
    /// Removes what dead pushes and removals of a model have left. `now` is the store's time; `own` is the
    /// number of the push that cleans up.
    pub(super) async fn clean(
        &self,
        name: &ModelName,
        own: u64,
        now: Option<Timestamp>,
    ) -> Result<(), RegistryError> {
        let layout = self.layout(name);
        let catalog = Catalog::of(&self.stores, &layout).await?;
        for (version, claim) in catalog.claims.iter().filter(|(version, _)| **version != own) {
            if catalog.decisions.contains_key(version) || is_dead(claim, now) {
                self.bury(&layout, *version, claim).await?;
            }
        }
        if !catalog.removed.is_empty() {
            let folders = self.stores.folders(&layout.model()).await?;
            let left = |version: &&u64| folders.contains(&version.to_string());
            for version in catalog.removed.iter().filter(left) {
                self.end_removal(name, *version).await?;
            }
        }
        Ok(())
    }

    /// Decides against a push that counts as dead, unless it has decided itself, and removes what it has
    /// left.
    async fn bury(
        &self,
        layout: &Layout,
        version: u64,
        claim: &Object,
    ) -> Result<(), RegistryError> {
        let Some(document) = self.found::<ClaimDocument>(&claim.place, CLAIM_VERSION).await? else {
            return Ok(());
        };
        if self.decide(layout, version, &document.push, None).await?.is_none() {
            self.discard(layout, version, &document.push).await?;
        }
        self.delete_below(&layout.staging(&document.push)).await?;
        Ok(self.stores.delete(&claim.place).await?)
    }

    /// Removes the files that a push which was given up has brought into place. On a disk that is one
    /// step: as long as its files are staged, what lies in place is somebody else's.
    pub(super) async fn discard(
        &self,
        layout: &Layout,
        version: u64,
        push: &str,
    ) -> Result<(), RegistryError> {
        if let Place::Path(staged) = layout.staging(push)
            && staged.as_path().exists()
        {
            return Ok(());
        }
        self.clear(layout, version).await
    }

    /// Decides over a number, once for all: `facts` make it a version, `None` gives it up. The facts that
    /// count are returned, whoever has decided.
    pub(super) async fn decide(
        &self,
        layout: &Layout,
        version: u64,
        push: &str,
        facts: Option<VersionFacts>,
    ) -> Result<Option<VersionFacts>, RegistryError> {
        let place = layout.decision(version);
        let decision = Decision {
            schema_version: DECISION_VERSION,
            version,
            push: push.to_owned(),
            writer: unique_word(),
            facts,
        };
        match self.stores.put_if_absent(&place, bytes_of(&place, &decision)?).await? {
            Put::Created => Ok(decision.facts),
            Put::Exists => Ok(self.document::<Decision>(&place, DECISION_VERSION).await?.facts),
        }
    }
}
