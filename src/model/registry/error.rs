//! What can go wrong with a registry.

use super::layout::Layout;
use super::names::{Alias, ModelName, VersionRef};
use crate::storage::{Place, StorageError, StorageErrorKind};

/// Something can't be done with a registry of models.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Its store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A document in it can't be read, or was written by a newer mlctl.
    #[error("{place}: {why}")]
    Damaged {
        /// The document.
        place: Place,
        /// What is wrong with it.
        why: String,
    },
    /// The setting names no place that can hold a registry.
    #[error("{place} can't hold models: {why}")]
    NoRegistry {
        /// The place.
        place: Place,
        /// Why.
        why: &'static str,
    },
    /// There is no model of this name.
    #[error("there is no model {name} in {registry}")]
    NoModel {
        /// The name.
        name: ModelName,
        /// Where it was looked for.
        registry: Place,
        /// The name that was probably meant.
        near: Option<String>,
    },
    /// The model has no such version, or none with such an alias.
    #[error("there is no {reference}: {why}")]
    NoVersion {
        /// What was asked for.
        reference: VersionRef,
        /// What there is instead.
        why: String,
    },
    /// What was to be pushed is no model.
    #[error("{source_place} is no model: {why}")]
    NotAModel {
        /// What was to be pushed.
        source_place: Place,
        /// Why.
        why: String,
        /// What would be one, if that can be told.
        hint: Option<String>,
    },
    /// It can't be removed while it is deployed.
    #[error("{name}@{version} is deployed: {at}")]
    Deployed {
        /// The model.
        name: ModelName,
        /// The version.
        version: u64,
        /// Where.
        at: String,
        /// The endpoints.
        endpoints: Vec<String>,
    },
    /// It can't be removed while it has an alias.
    #[error("{name}@{version} has the alias {alias}")]
    Aliased {
        /// The model.
        name: ModelName,
        /// The version.
        version: u64,
        /// The alias.
        alias: Alias,
    },
    /// Another mlctl took the push for dead.
    #[error(
        "the push to {model} was taken for dead and given up by another mlctl, since it had said nothing \
         for some minutes"
    )]
    GivenUp {
        /// The model's place.
        model: Place,
    },
    /// Something that mlctl did not put there is where a version should go.
    #[error("{place} is there already, and mlctl has not put it there")]
    Taken {
        /// The place.
        place: Place,
    },
    /// What arrived is not what was sent.
    #[error("{place} has {found}, not the {expected} that its version has")]
    Incomplete {
        /// The version's place.
        place: Place,
        /// Files and bytes that are there.
        found: String,
        /// Files and bytes that should be.
        expected: String,
    },
    /// Others changed the same thing again and again.
    #[error("{what} is changed by others all the time")]
    Busy {
        /// What.
        what: String,
    },
}

impl RegistryError {
    /// Another push has decided against the own one.
    pub(super) fn lost(layout: &Layout) -> Self {
        Self::GivenUp { model: layout.model() }
    }

    /// What was asked for is not in the store.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Storage(error) if error.kind == StorageErrorKind::NotFound)
    }
}
