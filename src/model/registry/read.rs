//! Reading a registry.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::catalog::Catalog;
use super::documents::{
    AliasDocument, DECISION_VERSION, DEPLOYMENT_VERSION, Decision, Deployment, POINTER_VERSION,
    RetentionDocument, VersionFacts,
};
use super::error::RegistryError;
use super::layout::{Layout, OWN};
use super::names::{Alias, ModelName, Pick, VersionRef};
use crate::storage::{Object, Place, Progress, Stores};
use crate::text::{nearest, read_document};

/// The most bytes of a document.
const LIMIT: u64 = 4 << 20;
/// Documents that are read at once.
const AT_ONCE: usize = 16;

/// A registry: models by name in a folder of this machine or a bucket. A copy is the same one.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(super) stores: Stores,
    pub(super) base: Place,
}

/// A model with all of its versions.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its name.
    pub name: ModelName,
    /// Its folder: a base path of TensorFlow Serving.
    pub place: Place,
    /// Its versions, oldest first. It may have none: all were removed, or the first push is under way.
    pub versions: Vec<Version>,
    /// What each alias means, `default` only where it was moved.
    pub aliases: BTreeMap<Alias, u64>,
    /// How many of the newest versions are kept; `None`: all.
    pub keep: Option<u64>,
}

/// A version of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// Its number.
    pub version: u64,
    /// Its folder.
    pub place: Place,
    /// Aliases that mean it, `default` included.
    pub aliases: Vec<Alias>,
    /// What it is.
    #[serde(flatten)]
    pub facts: VersionFacts,
    /// Where it is deployed.
    pub deployments: Vec<Deployment>,
}

impl Model {
    /// The number that a reference means now.
    pub fn pick(&self, pick: &Pick) -> Option<&Version> {
        let find = |number: u64| self.versions.iter().find(|version| version.version == number);
        match pick {
            Pick::Version(number) => find(*number),
            Pick::Alias(alias) => match self.aliases.get(alias) {
                Some(number) => find(*number),
                None => self.versions.last().filter(|_| alias.is_default()),
            },
        }
    }
}

impl Registry {
    /// The registry at a place: an absolute folder of this machine, or a bucket. Nothing is looked at.
    pub fn new(stores: Stores, base: &Place) -> Result<Self, RegistryError> {
        Ok(Self { stores, base: Self::checked(base)? })
    }

    /// The place as a registry has it; an error where it can't hold one.
    pub fn checked(base: &Place) -> Result<Place, RegistryError> {
        let refused = |why| Err(RegistryError::NoRegistry { place: base.clone(), why });
        let text = base.as_str();
        match base {
            Place::Claim(_) => {
                refused("a claim is written by pods only; name a folder or a bucket")
            }
            Place::Path(path) if !path.as_path().is_absolute() => {
                refused("write the whole path of the folder, or the URL of a bucket")
            }
            Place::Path(path) if path.as_path() == Path::new("/") => {
                refused("name a folder of its own")
            }
            Place::Object(_) if !is_bucket(text) => refused(
                "write a path, or the URL of a bucket: s3://, gs://, az://, abfs:// or abfss://",
            ),
            Place::Path(_) | Place::Object(_) => {
                let base = base.without_file_scheme();
                Ok(base.as_str().trim_end_matches('/').into())
            }
        }
    }

    /// The same registry, of which somebody is told all bytes that are moved by this copy.
    #[must_use]
    pub fn watched(&self, watch: Arc<dyn Progress>) -> Self {
        Self { stores: self.stores.watched(watch), ..self.clone() }
    }

    /// Where it is.
    pub fn place(&self) -> &Place {
        &self.base
    }

    /// The folder of this machine that it is; `None` for a bucket.
    pub fn folder(&self) -> Option<&Path> {
        match &self.base {
            Place::Path(path) => Some(path.as_path()),
            Place::Claim(_) | Place::Object(_) => None,
        }
    }

    /// The folder of a model: a base path of TensorFlow Serving.
    pub fn model_place(&self, name: &ModelName) -> Place {
        self.layout(name).model()
    }

    pub(super) fn layout(&self, name: &ModelName) -> Layout {
        Layout::new(&self.base, name)
    }

    /// The names of all models, sorted.
    pub async fn names(&self) -> Result<Vec<ModelName>, RegistryError> {
        let folders = self.stores.folders(&self.base).await?;
        let names: Vec<ModelName> = folders.iter().filter_map(|name| name.parse().ok()).collect();
        let known = stream::iter(names).map(|name| async move {
            // A folder that somebody else has put there is no model of this registry.
            let folders = self.stores.folders(&self.layout(&name).model()).await?;
            Ok::<_, RegistryError>(folders.iter().any(|folder| folder == OWN).then_some(name))
        });
        let known: Vec<Option<ModelName>> = known.buffered(AT_ONCE).try_collect().await?;
        Ok(known.into_iter().flatten().collect())
    }

    /// All models that have a version, by name.
    pub async fn models(&self) -> Result<Vec<Model>, RegistryError> {
        let mut models = Vec::new();
        for name in self.names().await? {
            let model = self.read(&name, None).await?;
            models.extend(model.filter(|model| !model.versions.is_empty()));
        }
        Ok(models)
    }

    /// A model with all of its versions.
    pub async fn model(&self, name: &ModelName) -> Result<Model, RegistryError> {
        match self.read(name, None).await? {
            Some(model) => Ok(model),
            None => Err(self.no_model(name).await?),
        }
    }

    /// There is a model of this name that has, or had, versions.
    pub async fn has(&self, name: &ModelName) -> Result<bool, RegistryError> {
        Ok(!Catalog::of(&self.stores, &self.layout(name)).await?.decisions.is_empty())
    }

    /// The version that a reference means now.
    pub async fn version(&self, reference: &VersionRef) -> Result<Version, RegistryError> {
        let only = match reference.pick {
            Pick::Version(version) => Some(version),
            Pick::Alias(_) => None,
        };
        let Some(model) = self.read(&reference.name, only).await? else {
            return Err(self.no_model(&reference.name).await?);
        };
        match model.pick(&reference.pick) {
            Some(version) => Ok(version.clone()),
            None => Err(self.no_version(reference).await?),
        }
    }

    async fn no_model(&self, name: &ModelName) -> Result<RegistryError, RegistryError> {
        let names = self.names().await?;
        let near = nearest(name.as_str(), names.iter().map(ModelName::as_str)).map(str::to_owned);
        Ok(RegistryError::NoModel { name: name.clone(), registry: self.base.clone(), near })
    }

    async fn no_version(&self, reference: &VersionRef) -> Result<RegistryError, RegistryError> {
        let model = self.model(&reference.name).await?;
        let numbers: Vec<String> = model
            .versions
            .iter()
            .rev()
            .take(10)
            .map(|version| version.version.to_string())
            .collect();
        let why = match (&reference.pick, numbers.is_empty()) {
            (_, true) => format!("{} has no versions", reference.name),
            (Pick::Version(_), false) => format!("its versions are {}", numbers.join(", ")),
            (Pick::Alias(alias), false) => {
                let known: Vec<&str> = model.aliases.keys().map(Alias::as_str).collect();
                if let Some(gone) = model.aliases.get(alias) {
                    format!("that alias means {gone}, which was removed")
                } else if known.is_empty() {
                    format!("it has no aliases, and the versions {}", numbers.join(", "))
                } else {
                    format!("its aliases are {}", known.join(", "))
                }
            }
        };
        Ok(RegistryError::NoVersion { reference: reference.clone(), why })
    }

    /// A model; of its versions those that are asked for. `None` where nothing was ever pushed.
    pub(super) async fn read(
        &self,
        name: &ModelName,
        only: Option<u64>,
    ) -> Result<Option<Model>, RegistryError> {
        let layout = self.layout(name);
        let catalog = Catalog::of(&self.stores, &layout).await?;
        if catalog.decisions.is_empty() {
            return Ok(None);
        }
        self.read_with(name, &catalog, only).await.map(Some)
    }

    pub(super) async fn read_with(
        &self,
        name: &ModelName,
        catalog: &Catalog,
        only: Option<u64>,
    ) -> Result<Model, RegistryError> {
        let layout = self.layout(name);
        let mut aliases = BTreeMap::new();
        for (alias, (_, place)) in &catalog.aliases {
            let document: AliasDocument = self.document(place, POINTER_VERSION).await?;
            aliases.extend(document.version.map(|version| (alias.clone(), version)));
        }
        let keep = match &catalog.retention {
            None => None,
            Some((_, place)) => {
                self.document::<RetentionDocument>(place, POINTER_VERSION).await?.keep
            }
        };
        let wanted = catalog.decisions.iter().filter(|(version, _)| {
            !catalog.removed.contains(version) && only.is_none_or(|only| only == **version)
        });
        let read = stream::iter(wanted.map(|(version, object)| (*version, object.clone())))
            .map(|(version, object)| self.decided(version, object))
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>();
        let mut versions = Vec::new();
        for (version, facts) in read.await?.into_iter().flatten() {
            let mut deployments = Vec::new();
            for (_, place) in catalog.deployments.iter().filter(|(of, _)| *of == version) {
                deployments.extend(self.found::<Deployment>(place, DEPLOYMENT_VERSION).await?);
            }
            let place = layout.version(version);
            versions.push(Version { version, place, aliases: Vec::new(), facts, deployments });
        }
        let newest = versions.last().map(|version| version.version);
        for version in &mut versions {
            let means = aliases.iter().filter(|(_, number)| **number == version.version);
            version.aliases = means.map(|(alias, _)| alias.clone()).collect();
            let default = Alias::default_alias();
            let is_default = only.is_none()
                && newest == Some(version.version)
                && !aliases.contains_key(&default);
            version.aliases.extend(is_default.then_some(default));
        }
        Ok(Model { name: name.clone(), place: layout.model(), versions, aliases, keep })
    }

    async fn decided(
        &self,
        version: u64,
        object: Object,
    ) -> Result<Option<(u64, VersionFacts)>, RegistryError> {
        let decision: Decision = self.document(&object.place, DECISION_VERSION).await?;
        if decision.version != version {
            let why = format!("it is the document of version {}", decision.version);
            return Err(RegistryError::Damaged { place: object.place, why });
        }
        Ok(decision.facts.map(|facts| (version, facts)))
    }

    pub(super) async fn document<T: DeserializeOwned>(
        &self,
        place: &Place,
        known: u32,
    ) -> Result<T, RegistryError> {
        let (_, bytes) = self.stores.read(place, LIMIT).await?;
        read_document(&bytes, known).map_err(|error| RegistryError::Damaged {
            place: place.clone(),
            why: error.to_string(),
        })
    }

    /// The same where the document may have been removed since it was listed.
    pub(super) async fn found<T: DeserializeOwned>(
        &self,
        place: &Place,
        known: u32,
    ) -> Result<Option<T>, RegistryError> {
        match self.document(place, known).await {
            Ok(document) => Ok(Some(document)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn is_bucket(text: &str) -> bool {
    let schemes =
        ["s3://", "s3a://", "gs://", "az://", "abfs://", "abfss://", "wasb://", "wasbs://"];
    let of_azure = text.starts_with("https://")
        && [".blob.core.windows.net/", ".dfs.core.windows.net/"]
            .iter()
            .any(|end| text.contains(end));
    of_azure
        || schemes.iter().any(|scheme| {
            text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        })
}
