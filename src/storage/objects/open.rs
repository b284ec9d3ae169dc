//! From a place to its store and the path within.

use std::path::absolute;
use std::sync::{Arc, PoisonError};

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, parse_url_opts};
use url::Url;

use super::{StorageError, StorageErrorKind, Stores};
use crate::storage::Place;

impl Stores {
    /// The store of a place, and the path within it.
    pub(super) fn open(
        &self,
        operation: &'static str,
        place: &Place,
    ) -> Result<(Arc<dyn ObjectStore>, Path), StorageError> {
        let unsupported = |reason: String| {
            StorageError::told(operation, place, StorageErrorKind::Unsupported, reason)
        };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        match place {
            Place::Path(path) => {
                let path = absolute(path.as_path())
                    .map_err(|error| StorageError::local(operation, place, &error))?;
                let path = Path::from_absolute_path(path)
                    .map_err(|error| unsupported(error.to_string()))?;
                let store = open.entry("file://".into()).or_insert_with(|| {
                    Arc::new(LocalFileSystem::new().with_automatic_cleanup(false))
                });
                Ok((Arc::clone(store), path))
            }
            Place::Claim(_) => {
                Err(unsupported("a claim of a cluster can be read by its pods only".into()))
            }
            Place::Object(_) => {
                let url =
                    Url::parse(place.as_str()).map_err(|error| unsupported(error.to_string()))?;
                let bucket = format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default());
                let key = place.as_str().splitn(4, '/').nth(3).unwrap_or_default();
                let path = Path::parse(key).map_err(|error| unsupported(error.to_string()))?;
                if let Some(store) = open.get(&bucket) {
                    return Ok((Arc::clone(store), path));
                }
                let env = self.config.env.iter();
                let options = env.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
                let (store, _) = parse_url_opts(&url, options)
                    .map_err(|error| StorageError::of(operation, place, &error))?;
                let store: Arc<dyn ObjectStore> = Arc::from(store);
                open.insert(bucket, Arc::clone(&store));
                Ok((store, path))
            }
        }
    }
}
