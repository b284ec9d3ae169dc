//! All stores that one command uses.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::sync::Mutex;

use super::address::{Address, Home};
use super::cloud::Bucket;
use super::hub::{Hub, Repository};
use super::web::Web;
use super::{BucketSettings, NoProgress, Progress, StorageConfig, StorageError};
use crate::storage::Place;

/// All stores that one command uses, each opened once and with one cache of credentials. A copy is the
/// same stores. Its methods need a tokio runtime with I/O and time.
#[derive(Clone)]
pub struct Stores {
    config: Arc<StorageConfig>,
    open: Arc<Mutex<HashMap<Home, Backend>>>,
    watch: Option<Arc<dyn Progress>>,
}

/// How a store is spoken to.
#[derive(Clone)]
pub(super) enum Backend {
    Files,
    Bucket(Arc<Bucket>),
    Web(Arc<Web>),
    Hub(Arc<Hub>),
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Its configuration has the environment in it, and that has secrets.
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

impl Stores {
    /// Nothing is opened or asked for yet.
    pub fn new(config: StorageConfig) -> Self {
        // A second installation means that somebody else was first, with the same provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { config: Arc::new(config), open: Arc::default(), watch: None }
    }

    /// The same with more settings of buckets, which count more than those that it has.
    #[must_use]
    pub fn with(&self, more: &BTreeMap<String, BucketSettings>) -> Self {
        Self { watch: self.watch.clone(), ..Self::new(self.config.with(more)) }
    }

    /// The same stores, of which somebody is told all bytes that are read and written by this copy.
    #[must_use]
    pub fn watched(&self, watch: Arc<dyn Progress>) -> Self {
        Self { watch: Some(watch), ..self.clone() }
    }

    /// Whoever is told of what moves.
    pub(super) fn watch(&self) -> &dyn Progress {
        self.watch.as_deref().unwrap_or(&NoProgress)
    }

    /// With what it was made.
    pub fn config(&self) -> &StorageConfig {
        &self.config
    }

    /// The place with nothing in it that moves: a branch or a tag of the Hugging Face Hub is written as
    /// the commit that it is by now. Other places are returned as they are.
    pub async fn pinned(&self, place: &Place) -> Result<Place, StorageError> {
        match self.open_hub(place).await? {
            Some((hub, repository, key)) => {
                Ok(format!("{}{key}", repository.base(hub.commit())).into())
            }
            None => Ok(place.clone()),
        }
    }

    async fn open_hub(
        &self,
        place: &Place,
    ) -> Result<Option<(Arc<Hub>, Repository, String)>, StorageError> {
        // A claim has no store, and nothing in it moves.
        if !place.as_str().starts_with("hf://") {
            return Ok(None);
        }
        Ok(match self.open("reading", place).await? {
            (Backend::Hub(hub), Address { home: Home::Hub(repository), key, .. }) => {
                Some((hub, repository, key))
            }
            _ => None,
        })
    }

    /// The store of a place, opened if need be, and where the place is in it.
    pub(super) async fn open(
        &self,
        operation: &'static str,
        place: &Place,
    ) -> Result<(Backend, Address), StorageError> {
        let address = Address::of(place)
            .map_err(|(kind, reason)| StorageError::told(operation, place, kind, reason))?;
        let mut open = self.open.lock().await;
        if let Some(backend) = open.get(&address.home) {
            return Ok((backend.clone(), address));
        }
        let backend = match &address.home {
            Home::Files => Backend::Files,
            Home::Web => Backend::Web(Arc::new(
                Web::new().map_err(|error| error.into_storage(operation, place))?,
            )),
            Home::Hub(repository) => {
                Backend::Hub(Arc::new(Hub::open(&self.config, repository, place).await?))
            }
            Home::Bucket { .. } => Backend::Bucket(Arc::new(
                Bucket::open(&self.config, &address.home, operation, place).await?,
            )),
        };
        open.insert(address.home.clone(), backend.clone());
        Ok((backend, address))
    }
}
