//! Models and data sets of the Hugging Face Hub, read only: `hf://ORG/NAME[@REVISION]/PATH` and
//! `hf://datasets/ORG/NAME[@REVISION]/PATH`.
//!
//! Two calls of the Hub's API and its cache's layout are all that is needed. The `hf-hub` crate is not
//! used: since 1.0 it brings some 70 crates for a transfer protocol of its own, and before that a second
//! HTTP client.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;

use bytes::Bytes;
use serde::Deserialize;

use super::web::{Web, WebError};
use super::{Object, StorageConfig, StorageError, StorageErrorKind};
use crate::storage::Place;

/// Where the Hub is unless `HF_ENDPOINT` says otherwise.
const HUB: &str = "https://huggingface.co";
/// The revision when a place names none.
const MAIN: &str = "main";
/// The most bytes of a token's file, and of a reference of the cache.
const WORD: u64 = 4096;

/// One repository at one revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Repository {
    /// `models` or `datasets`.
    pub(super) kind: &'static str,
    /// `ORG/NAME`, or a name alone.
    pub(super) name: String,
    /// A branch, a tag or a commit.
    pub(super) revision: String,
}

/// A client of the Hub.
pub(super) struct Hub {
    web: Web,
    endpoint: String,
    cache: Option<PathBuf>,
    repository: Repository,
}

#[derive(Deserialize)]
struct Commit {
    sha: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "type")]
    kind: String,
    path: String,
    #[serde(default)]
    size: u64,
}

impl Repository {
    /// Takes what is behind `hf://` apart: the repository, and where the path begins.
    pub(super) fn parse(rest: &str) -> Option<(Self, usize)> {
        let (kind, skip) = match rest {
            rest if rest.starts_with("datasets/") => ("datasets", "datasets/".len()),
            rest if rest.starts_with("models/") => ("models", "models/".len()),
            _ => ("models", 0),
        };
        let mut parts = rest[skip..].splitn(3, '/');
        let (org, name) = (parts.next()?, parts.next()?);
        let (name, revision) = name.split_once('@').unwrap_or((name, MAIN));
        let named = [org, name].iter().all(|part| {
            !part.is_empty() && !part.starts_with('.') && !part.contains(['@', '?', '#', '\\'])
        });
        let is_revision = !revision.is_empty() && !revision.contains(['?', '#', ' ']);
        if !named || !is_revision || revision.contains("..") {
            return None;
        }
        let key = parts.next().map_or(rest.len(), |path| rest.len() - path.len());
        // A `/` in a branch's name is written `%2F`, as in the Hub's own URLs.
        let revision = revision.replace("%2F", "/");
        Some((Self { kind, name: format!("{org}/{name}"), revision }, key))
    }

    /// The same at a commit, as it is written in a place.
    pub(super) fn base(&self, revision: &str) -> String {
        let kind = if self.kind == "datasets" { "datasets/" } else { "" };
        format!("hf://{kind}{}@{}/", self.name, revision.replace('/', "%2F"))
    }

    fn folder(&self) -> String {
        format!("{}--{}", self.kind, self.name.replace('/', "--"))
    }
}

impl Hub {
    /// A client with the user's token, where there is one. A branch or tag is resolved to the commit that
    /// it is by now, which all later calls are of; its hash is the ETag of every file.
    pub(super) async fn open(
        config: &StorageConfig,
        repository: &Repository,
        place: &Place,
    ) -> Result<Self, StorageError> {
        let hub = Self::new(config, repository);
        let mut hub = hub.map_err(|error| error.into_storage("reading", place))?;
        if !is_commit(&hub.repository.revision) {
            hub.repository.revision = hub.resolve(place).await?;
        }
        Ok(hub)
    }

    fn new(config: &StorageConfig, repository: &Repository) -> Result<Self, WebError> {
        let var = |name: &str| {
            config.env.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
        };
        let home = var("HF_HOME").map(PathBuf::from).or_else(|| {
            let cache = var("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.or_else(|| Some(config.home.as_ref()?.join(".cache")));
            Some(cache?.join("huggingface"))
        });
        let file = var("HF_TOKEN_PATH").map(PathBuf::from);
        let file = file.or_else(|| Some(home.as_ref()?.join("token")));
        let stored = file.and_then(|file| crate::storage::read_text(&file, WORD).ok());
        let token = var("HF_TOKEN").or(stored.as_deref().map(str::trim));
        let cache = var("HF_HUB_CACHE").map(PathBuf::from);
        Ok(Self {
            web: Web::with_token(token.filter(|token| !token.is_empty()))?,
            endpoint: var("HF_ENDPOINT").unwrap_or(HUB).trim_end_matches('/').to_owned(),
            cache: cache.or_else(|| Some(home?.join("hub"))),
            repository: repository.clone(),
        })
    }

    /// The commit that the revision was when this was opened.
    pub(super) fn commit(&self) -> &str {
        &self.repository.revision
    }

    async fn resolve(&self, place: &Place) -> Result<String, StorageError> {
        let Repository { kind, name, revision } = &self.repository;
        let revision = revision.replace('/', "%2F");
        let url = format!("{}/api/{kind}/{name}/revision/{revision}", self.endpoint);
        let answer = self.web.document(&url).await.map_err(|error| self.told(place, error))?;
        let commit: Commit = parsed("reading", place, &answer.0)?;
        if is_commit(&commit.sha) { Ok(commit.sha) } else { Err(odd("reading", place)) }
    }

    /// What the Hub says of one file, or its cache has of it.
    pub(super) async fn head(&self, place: &Place, key: &str) -> Result<Object, StorageError> {
        let mut entry = if let Some(file) = self.cached(key) {
            super::files::head(place, &file.display().to_string()).await?
        } else {
            let head = self.web.head(place, &self.url(key)).await;
            head.map_err(|error| self.told(place, error))?
        };
        entry.etag = Some(self.commit().to_owned());
        Ok(entry)
    }

    /// A range of a file.
    pub(super) async fn read_range(
        &self,
        entry: &Object,
        key: &str,
        range: Range<u64>,
    ) -> Result<Bytes, StorageError> {
        if entry.etag.as_deref().is_some_and(|commit| commit != self.commit()) {
            let reason = "its revision is another commit than the one that was listed";
            let kind = StorageErrorKind::Changed;
            return Err(StorageError::told("reading", &entry.place, kind, reason));
        }
        if let Some(file) = self.cached(key) {
            let unpinned = Object { etag: None, ..entry.clone() };
            let path = file.display().to_string();
            return super::files::read_range(&unpinned, &path, range).await;
        }
        let read = self.web.read_range(&self.url(key), None, range).await;
        read.map_err(|error| self.told(&entry.place, error))
    }

    /// Everything below a folder, or in it.
    pub(super) async fn page(
        &self,
        place: &Place,
        base: &str,
        prefix: &str,
        deep: bool,
    ) -> Result<super::list::Found, StorageError> {
        let Repository { kind, name, revision } = &self.repository;
        let folder = prefix.rfind('/').map_or("", |at| &prefix[..at]);
        let revision = revision.replace('/', "%2F");
        let mut next = Some(format!(
            "{}/api/{kind}/{name}/tree/{revision}/{}?recursive={deep}",
            self.endpoint,
            escaped(folder)
        ));
        let mut found = super::list::Found::default();
        while let Some(url) = next {
            let answer = match self.web.document(&url).await {
                Err(error) if error.kind == StorageErrorKind::NotFound && !folder.is_empty() => {
                    return Ok(found);
                }
                answer => answer.map_err(|error| self.told(place, error))?,
            };
            let entries: Vec<Entry> = parsed("listing", place, &answer.0)?;
            for entry in entries.into_iter().filter(|entry| entry.path.starts_with(prefix)) {
                let place = Place::from(format!("{base}{}", entry.path));
                match entry.kind.as_str() {
                    "file" => found.objects.push((
                        Object {
                            place,
                            size: entry.size,
                            etag: Some(self.commit().to_owned()),
                            modified: None,
                        },
                        entry.path,
                    )),
                    "directory" if !deep => found.folders.push(format!("{}/", entry.path)),
                    _ => {}
                }
            }
            // Pages of somebody else's would get the token.
            next = answer.1.filter(|url| url.starts_with(&self.endpoint));
        }
        Ok(found)
    }

    fn url(&self, key: &str) -> String {
        let Repository { kind, name, revision } = &self.repository;
        let kind = if *kind == "datasets" { "datasets/" } else { "" };
        let revision = revision.replace('/', "%2F");
        format!("{}/{kind}{name}/resolve/{revision}/{}", self.endpoint, escaped(key))
    }

    /// The file in the cache of the Hub's own tools, which has a folder for each commit.
    fn cached(&self, key: &str) -> Option<PathBuf> {
        let is_inside = std::path::Path::new(key)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !is_inside {
            return None;
        }
        let folder = self.cache.as_ref()?.join(self.repository.folder()).join("snapshots");
        let file = folder.join(&self.repository.revision).join(key);
        file.is_file().then_some(file)
    }

    fn told(&self, place: &Place, error: WebError) -> StorageError {
        let WebError { kind, reason } = error;
        let name = &self.repository.name;
        let reason = match kind {
            // The Hub answers 401 for what is not there, so as not to tell of private ones.
            StorageErrorKind::Denied => format!(
                "{name}: {reason}: it is private, gated or not there; set HF_TOKEN to a token that may \
                 read it, and accept its terms on its page"
            ),
            _ => format!("{name}: {reason}"),
        };
        StorageError::told("reading", place, kind, reason)
    }
}

fn parsed<T: for<'a> Deserialize<'a>>(
    operation: &'static str,
    place: &Place,
    bytes: &[u8],
) -> Result<T, StorageError> {
    serde_json::from_slice(bytes).map_err(|_| odd(operation, place))
}

fn odd(operation: &'static str, place: &Place) -> StorageError {
    let reason = "the answer is not one of the Hub: is HF_ENDPOINT right?";
    StorageError::told(operation, place, StorageErrorKind::Unsupported, reason)
}

fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A path within a URL.
fn escaped(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    path.bytes().fold(String::with_capacity(path.len()), |mut text, byte| {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            // Writing to a String can't fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_repository_revision_and_path() {
        for (text, kind, name, revision, path) in [
            ("org/name@v1/a/b.json", "models", "org/name", "v1", "a/b.json"),
            ("org/name/a", "models", "org/name", "main", "a"),
            ("datasets/org/name@refs%2Fpr%2F1/a", "datasets", "org/name", "refs/pr/1", "a"),
            ("org/name", "models", "org/name", "main", ""),
        ] {
            let (found, at) = Repository::parse(text).unwrap();
            assert_eq!((found.kind, found.name.as_str()), (kind, name), "{text}");
            assert_eq!((found.revision.as_str(), &text[at..]), (revision, path), "{text}");
        }
        for text in ["", "name", "org/", "org/../x", "org/n@/x", "org/n@../x", "org/n?x/y"] {
            assert_eq!(Repository::parse(text), None, "{text}");
        }
    }
}
