//! The model on this machine, fetched once for everybody who serves it.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::plan::{Protocol, ServerPlan};
use crate::storage::{Object, Place, Progress, StorageError, Stores};
use crate::text::hex;

/// What makes a folder a SavedModel.
const SAVED_MODEL: &str = "saved_model.pb";

/// A model can't be had.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The store.
    #[error("the model can't be fetched: {0}")]
    Storage(#[from] StorageError),
    /// Nothing is there.
    #[error("there is no model at {0}: name a folder or a file that is there")]
    Empty(Place),
    /// This machine's disk.
    #[error("the model can't be kept on this machine: {0}")]
    Io(#[from] io::Error),
    /// TF Serving's versions are folders with numbers for names.
    #[error("`{0}` is no version of a model for TensorFlow: write a number")]
    Version(String),
    /// Its name can't be a file's.
    #[error("the model {0} has no name that a file can have")]
    Name(Place),
}

/// The plan's model as a path of this machine; `None` where the plan has none.
///
/// A path is used where it lies. Anything else is fetched below `cache`, under a name that follows from
/// its files' names, sizes and ETags: whoever needs the same content later, or at the same time, finds
/// it there. A folder that is itself a SavedModel is given to TF Serving as a version of one, which is
/// what it takes.
pub async fn stage(
    stores: &Stores,
    plan: &ServerPlan,
    cache: &Path,
    progress: &dyn Progress,
) -> Result<Option<PathBuf>, StageError> {
    let Some(place) = &plan.model else { return Ok(None) };
    let of_tensorflow =
        matches!(plan.protocol, Protocol::TensorflowRest | Protocol::TensorflowGrpc);
    let version = plan.version.as_deref().unwrap_or("1");
    if of_tensorflow && !version.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(StageError::Version(version.to_owned()));
    }
    let models = cache.join("models");
    if let Place::Path(path) = place {
        let path = std::path::absolute(path.as_path())?;
        if !path.exists() {
            return Err(StageError::Empty(place.clone()));
        }
        if !of_tensorflow || !path.join(SAVED_MODEL).is_file() {
            return Ok(Some(path));
        }
        let target = models.join(key([path.to_string_lossy().as_bytes(), version.as_bytes()]));
        // Taken for its time, too: a clean-up goes by when it was used last.
        let _one_at_a_time = lock(&models, &target).await?;
        let make = |folder: &Path| {
            fs_err::os::unix::fs::symlink(&path, folder.join(version))?;
            Ok(())
        };
        return Ok(Some(once(&models, target, make)?));
    }
    let entries = stores.list(place).await?;
    let base = format!("{}/", place.as_str().trim_end_matches('/'));
    let names: Vec<&str> =
        entries.iter().filter_map(|entry| entry.place.as_str().strip_prefix(&base)).collect();
    if entries.is_empty() {
        return Err(StageError::Empty(place.clone()));
    }
    let inner = if names.is_empty() {
        // One object: the server gets the path of a file, which keeps its name for its ending's sake.
        file_name(place)?
    } else if of_tensorflow && names.contains(&SAVED_MODEL) {
        version
    } else {
        ""
    };
    let target = models.join(content_key(&base, &entries, inner));
    let _one_at_a_time = lock(&models, &target).await?;
    if !target.exists() {
        let beside = tempfile::tempdir_in(&models)?;
        stores.fetch(place, &beside.path().join(inner), progress).await?;
        fs_err::rename(beside.keep(), &target)?;
    }
    Ok(Some(if names.is_empty() { target.join(inner) } else { target }))
}

/// The last part of an object's key.
fn file_name(place: &Place) -> Result<&str, StageError> {
    let last = place.as_str().rsplit('/').next().unwrap_or_default();
    let plain = !matches!(last, "" | "." | "..") && !last.contains('\0');
    if plain { Ok(last) } else { Err(StageError::Name(place.clone())) }
}

fn content_key(base: &str, entries: &[Object], inner: &str) -> String {
    let described: Vec<String> = entries
        .iter()
        .map(|entry| {
            let place = entry.place.as_str();
            let name = place.strip_prefix(base).unwrap_or_default();
            // Without an ETag nothing but the place and its time says which content it is.
            let version = match (&entry.etag, entry.modified) {
                (Some(etag), _) => etag.clone(),
                (None, modified) => format!("{place} {modified:?}"),
            };
            format!("{name}\n{}\n{version}", entry.size)
        })
        .collect();
    key(described.iter().map(String::as_bytes).chain([inner.as_bytes()]))
}

/// A name of 32 digits; where one part ends and the next begins counts.
fn key<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let hash = parts.into_iter().fold(Sha256::new(), |hash, part| {
        hash.chain_update((part.len() as u64).to_le_bytes()).chain_update(part)
    });
    hex::encode(hash.finalize())[..32].to_owned()
}

/// Makes a folder that is there whole or not at all.
fn once(
    models: &Path,
    target: PathBuf,
    make: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<PathBuf> {
    if target.exists() {
        return Ok(target);
    }
    fs_err::create_dir_all(models)?;
    let beside = tempfile::tempdir_in(models)?;
    make(beside.path())?;
    match fs_err::rename(beside.path(), &target) {
        // Somebody else was quicker, with the same content.
        Err(_) if target.exists() => {}
        renamed => renamed?,
    }
    Ok(target)
}

/// Held while a model is fetched, so that several workers of a machine fetch it once. It ends with the
/// process.
async fn lock(models: &Path, target: &Path) -> io::Result<std::fs::File> {
    fs_err::create_dir_all(models)?;
    let file = fs_err::File::create(target.with_extension("lock"))?.into_parts().0;
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    locked.await.map_err(io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{NoProgress, StorageConfig};
    use crate::work::protocol::fixture::server_plan;

    fn saved_model(folder: &Path) {
        fs_err::create_dir_all(folder.join("variables")).unwrap();
        fs_err::write(folder.join(SAVED_MODEL), "graph").unwrap();
        fs_err::write(folder.join("variables/variables.index"), "index").unwrap();
    }

    async fn staged(protocol: Protocol, model: &str, cache: &Path) -> Result<PathBuf, StageError> {
        let plan = ServerPlan { model: Some(model.into()), ..server_plan(protocol) };
        let stores = Stores::new(StorageConfig::default());
        stage(&stores, &plan, cache, &NoProgress).await.map(Option::unwrap)
    }

    #[tokio::test]
    async fn a_version_stays_a_folder_of_the_cache() {
        let root = tempfile::tempdir().unwrap();
        let (model, cache) = (root.path().join("model"), root.path().join("cache"));
        saved_model(&model);
        let plan = ServerPlan {
            model: Some(model.to_string_lossy().into_owned().into()),
            version: Some("../../out".into()),
            ..server_plan(Protocol::TensorflowRest)
        };
        let stores = Stores::new(StorageConfig::default());
        let refused = stage(&stores, &plan, &cache, &NoProgress).await.unwrap_err();
        assert!(matches!(refused, StageError::Version(_)), "{refused}");
        assert!(!cache.exists());
    }

    #[tokio::test]
    async fn a_path_stays_where_it_is_and_a_saved_model_becomes_a_version() {
        let folder = tempfile::tempdir().unwrap();
        let (model, cache) = (folder.path().join("model"), folder.path().join("cache"));
        saved_model(&model);
        let text = model.to_str().unwrap();
        assert_eq!(staged(Protocol::Vertex, text, &cache).await.unwrap(), model);
        let base = staged(Protocol::TensorflowRest, text, &cache).await.unwrap();
        assert_eq!(fs_err::read_to_string(base.join("1/saved_model.pb")).unwrap(), "graph");
        assert_eq!(staged(Protocol::TensorflowRest, text, &cache).await.unwrap(), base);
        // A folder of versions is what TF Serving takes.
        let versions = folder.path().join("versions");
        saved_model(&versions.join("7"));
        let text = versions.to_str().unwrap();
        assert_eq!(staged(Protocol::TensorflowGrpc, text, &cache).await.unwrap(), versions);
        let missing = folder.path().join("nothing");
        let error = staged(Protocol::Vertex, missing.to_str().unwrap(), &cache).await.unwrap_err();
        assert!(matches!(error, StageError::Empty(_)), "{error}");
    }

    fn listed(place: &str, etag: &str) -> Object {
        Object { place: place.into(), size: 1, etag: Some(etag.into()), modified: None }
    }

    #[test]
    fn the_same_content_has_the_same_name_wherever_it_lies() {
        let name = |base: &str, entries: &[(&str, &str)], inner: &str| {
            let entries: Vec<Object> =
                entries.iter().map(|(place, etag)| listed(place, etag)).collect();
            content_key(base, &entries, inner)
        };
        let first = name("s3://a/m/", &[("s3://a/m/x", "1"), ("s3://a/m/y", "2")], "");
        assert_eq!(first, name("s3://b/", &[("s3://b/x", "1"), ("s3://b/y", "2")], ""));
        assert_ne!(first, name("s3://a/m/", &[("s3://a/m/x", "1"), ("s3://a/m/y", "3")], ""));
        assert_ne!(first, name("s3://a/m/", &[("s3://a/m/x", "1"), ("s3://a/m/z", "2")], ""));
        assert_ne!(first, name("s3://a/m/", &[("s3://a/m/x", "1"), ("s3://a/m/y", "2")], "1"));
    }

    #[test]
    fn a_file_has_a_name_that_stays_in_its_folder() {
        assert_eq!(file_name(&"s3://b/m/model.pkl".into()).unwrap(), "model.pkl");
        for place in ["s3://b/", "s3://b/..", "s3://b/."] {
            assert!(file_name(&place.into()).is_err(), "{place}");
        }
    }
}
