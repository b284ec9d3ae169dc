//! One push, from the claim to the decision.

use indexmap::IndexMap;
use jiff::Timestamp;

use super::lease::Claimed;
use crate::model::registry::contents::Contents;
use crate::model::registry::documents::{Lineage, VersionFacts};
use crate::model::registry::error::RegistryError;
use crate::model::registry::layout::Layout;
use crate::model::registry::names::{Alias, ModelName, VersionRef};
use crate::model::registry::read::{Registry, Version};
use crate::model::registry::remove::Removed;
use crate::model::registry::retention::expendable;
use crate::model::registry::sequence::unique_word;
use crate::storage::{Place, Stores};

/// What is pushed, and by whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// The model.
    pub name: ModelName,
    /// Aliases that mean the new version from now on.
    pub aliases: Vec<Alias>,
    /// What is written on it.
    pub labels: IndexMap<String, String>,
    /// Where it comes from.
    pub lineage: Lineage,
    /// Name of the user who pushes.
    pub by: String,
    /// The machine from which.
    pub host: String,
    /// The time.
    pub at: Timestamp,
}

/// A push that has become a version.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushed {
    /// The version.
    pub version: Version,
    /// The version folder that was taken, where the source was a base path of TensorFlow Serving.
    pub taken: Option<u64>,
    /// Older versions that the model's retention has removed.
    pub removed: Vec<Removed>,
    /// What went wrong after it had become a version: an older one could not be removed, or the like.
    pub trouble: Vec<String>,
}

impl Registry {
    /// Lists what would be pushed from a place, read with these stores. An error where it is no model.
    pub async fn contents(source: &Stores, place: &Place) -> Result<Contents, RegistryError> {
        Contents::of(place, source.list(place).await?)
    }

    /// Pushes files as the next version of a model. It is there whole when this returns, and nothing of it
    /// is seen before, or after an error. Two pushes at once get two versions. What dead pushes of the
    /// model have left is removed on the way, and the versions that its retention doesn't keep afterwards.
    pub async fn push(&self, contents: &Contents, push: &Push) -> Result<Pushed, RegistryError> {
        let layout = self.layout(&push.name);
        let word = unique_word();
        let claimed = self.claim(&push.name, &word, push).await?;
        let done = self.bring(&layout, &claimed, &word, contents, push).await;
        let facts = match done {
            Ok(facts) => facts,
            Err(error) => {
                // What can't be removed now is removed by the next push.
                let _ = self.give_up(&layout, &claimed, &word).await;
                return Err(error);
            }
        };
        let mut trouble = Vec::new();
        let mut note = |what: &str, done: Result<(), RegistryError>| {
            trouble.extend(done.err().map(|error| format!("{what}: {error}")));
        };
        note("what the push needed is still there", self.tidy(&layout, &claimed, &word).await);
        for alias in &push.aliases {
            let to = VersionRef::version(&push.name, claimed.version);
            let moved = self.set_alias(&to, alias, &push.by, push.at).await.map(drop);
            note(&format!("the alias {alias} was not moved"), moved);
        }
        let mut removed = Vec::new();
        match self.retain(push).await {
            Ok(all) => removed = all,
            Err(error) => note("older versions were not removed", Err(error)),
        }
        let version = Version {
            version: claimed.version,
            place: layout.version(claimed.version),
            aliases: push.aliases.clone(),
            facts,
            deployments: Vec::new(),
        };
        Ok(Pushed { version, taken: contents.taken, removed, trouble })
    }

    async fn bring(
        &self,
        layout: &Layout,
        claimed: &Claimed,
        word: &str,
        contents: &Contents,
        push: &Push,
    ) -> Result<VersionFacts, RegistryError> {
        // First, so that a disk that a dead push has filled has room again.
        self.clean(&push.name, claimed.version, claimed.now).await?;
        let staged = self.stage(layout, word, contents).await?;
        self.publish(layout, claimed.version, word, contents, staged).await?;
        let facts = VersionFacts {
            pushed: push.at,
            by: push.by.clone(),
            kind: contents.kind,
            files: contents.files.len() as u64,
            bytes: contents.bytes,
            labels: push.labels.clone(),
            lineage: push.lineage.clone(),
        };
        let decided = self.decide(layout, claimed.version, word, Some(facts)).await?;
        decided.ok_or_else(|| RegistryError::lost(layout))
    }

    /// Decides against the own push, and removes what it has brought.
    async fn give_up(
        &self,
        layout: &Layout,
        claimed: &Claimed,
        word: &str,
    ) -> Result<(), RegistryError> {
        let decided = self.decide(layout, claimed.version, word, None).await;
        if let Ok(None) = decided {
            self.discard(layout, claimed.version, word).await?;
        }
        self.delete_below(&layout.staging(word)).await?;
        // On a full disk there may be room now.
        if decided.is_err() && self.decide(layout, claimed.version, word, None).await?.is_none() {
            self.discard(layout, claimed.version, word).await?;
        }
        claimed.release(&self.stores).await
    }

    async fn tidy(
        &self,
        layout: &Layout,
        claimed: &Claimed,
        word: &str,
    ) -> Result<(), RegistryError> {
        self.delete_below(&layout.staging(word)).await?;
        claimed.release(&self.stores).await
    }

    /// Removes the versions that the model's retention doesn't keep.
    async fn retain(&self, push: &Push) -> Result<Vec<Removed>, RegistryError> {
        let mut removed = Vec::new();
        for version in expendable(&self.model(&push.name).await?) {
            match self.remove(&push.name, version, &push.by, push.at).await {
                Ok(one) => removed.push(one),
                // Somebody has deployed it, named it or removed it since.
                Err(
                    RegistryError::Deployed { .. }
                    | RegistryError::Aliased { .. }
                    | RegistryError::NoVersion { .. },
                ) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    }
}
