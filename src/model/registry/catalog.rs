//! Which documents a model has, from one listing.

use std::collections::{BTreeMap, BTreeSet};

use super::layout::{Document, Layout};
use super::names::Alias;
use crate::storage::{Object, Place, StorageError, Stores};

/// Which documents a model has. Nothing of them is read yet.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    /// Pushes under way, or dead, by the number that they claim.
    pub(super) claims: BTreeMap<u64, Object>,
    /// Numbers that were decided over: versions, and pushes that were given up.
    pub(super) decisions: BTreeMap<u64, Object>,
    /// Versions that were removed.
    pub(super) removed: BTreeSet<u64>,
    /// The newest document of each alias, with its number.
    pub(super) aliases: BTreeMap<Alias, (u64, Place)>,
    /// The newest document of what is kept, with its number.
    pub(super) retention: Option<(u64, Place)>,
    /// Documents of deployments, each with the version.
    pub(super) deployments: Vec<(u64, Place)>,
    /// Words of pushes that have staged something.
    pub(super) staged: BTreeSet<String>,
}

impl Catalog {
    pub(super) async fn of(stores: &Stores, layout: &Layout) -> Result<Self, StorageError> {
        let mut catalog = Self::default();
        for object in stores.below(&layout.own()).await? {
            match layout.document(&object.place) {
                None => {}
                Some(Document::Claim(version)) => drop(catalog.claims.insert(version, object)),
                Some(Document::Decision(version)) => {
                    catalog.decisions.insert(version, object);
                }
                Some(Document::Removed(version)) => drop(catalog.removed.insert(version)),
                Some(Document::Alias(alias, number)) => {
                    let newest = catalog.aliases.get(&alias).is_none_or(|(at, _)| *at < number);
                    if newest {
                        catalog.aliases.insert(alias, (number, object.place));
                    }
                }
                Some(Document::Retention(number)) => {
                    let newest = catalog.retention.as_ref().is_none_or(|(at, _)| *at < number);
                    if newest {
                        catalog.retention = Some((number, object.place));
                    }
                }
                Some(Document::Deployment(version)) => {
                    catalog.deployments.push((version, object.place));
                }
                Some(Document::Staged(push)) => drop(catalog.staged.insert(push)),
            }
        }
        Ok(catalog)
    }

    /// The highest number that was ever claimed or decided over; 0 where there is none.
    pub(super) fn highest(&self) -> u64 {
        let claimed = self.claims.keys().next_back();
        let decided = self.decisions.keys().next_back();
        claimed.max(decided).copied().unwrap_or_default()
    }
}
