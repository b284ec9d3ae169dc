//! Places that a spec names: where code and data come from, and where outputs go.
//!
//! Nothing here looks at a disk.

use std::borrow::Cow;
use std::fmt;
use std::path::{Component, Path, PathBuf};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The placeholder for the run's id in `output`.
pub const RUN_PLACEHOLDER: &str = "{run}";

/// What stands before a path of this machine that is written as a URL.
const FILE: &str = "file://";

/// A place, read once from its text. The text is kept as it was written: it is what users see and
/// what documents hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A folder or file of a machine: `./out`, `/data`, `file:///data`.
    Path(LocalPath),
    /// A claim of a cluster: `pvc://CLAIM/PATH`.
    Claim(Claim),
    /// Anything else that names its own scheme: `s3://bucket/x`, `gs://bucket/x`.
    Object(ObjectUrl),
}

/// A path of a machine, absolute or relative.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalPath {
    text: String,
}

/// A PersistentVolumeClaim and a path within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Name of the claim; empty when the text has none.
    pub name: String,
    /// Path without a slash at either end; may be empty.
    pub path: String,
    text: String,
}

/// The URL of something in an object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectUrl {
    text: String,
}

impl LocalPath {
    /// The path, without `file://`.
    pub fn as_path(&self) -> &Path {
        Path::new(self.text.strip_prefix(FILE).unwrap_or(&self.text))
    }

    /// It is written with `file://`, which needs an absolute path behind it.
    pub fn is_url(&self) -> bool {
        self.text.starts_with(FILE)
    }
}

impl Claim {
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("pvc://")?;
        let (name, path) = rest.split_once('/').unwrap_or((rest, ""));
        Some(Self { name: name.into(), path: path.trim_matches('/').into(), text: text.into() })
    }

    /// It has a name, and its path stays in it.
    pub fn is_sound(&self) -> bool {
        !self.name.is_empty() && !self.path.split('/').any(|part| part == "..")
    }
}

impl Place {
    /// Its text as it was written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Path(path) => &path.text,
            Self::Claim(claim) => &claim.text,
            Self::Object(url) => &url.text,
        }
    }

    /// The claim, when it is one.
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Claim(claim) => Some(claim),
            Self::Path(_) | Self::Object(_) => None,
        }
    }

    /// The bucket of an object, as settings name it: `s3://bucket`.
    pub fn bucket(&self) -> Option<String> {
        let Self::Object(url) = self else { return None };
        let (scheme, rest) = url.text.split_once("://")?;
        let bucket = rest.split('/').next().unwrap_or_default();
        Some(format!("{scheme}://{bucket}"))
    }

    /// It is written with a scheme, `file://` included.
    pub fn is_url(&self) -> bool {
        match self {
            Self::Path(path) => path.is_url(),
            Self::Claim(_) | Self::Object(_) => true,
        }
    }

    /// The place with the run's id filled in.
    #[must_use]
    pub(crate) fn of_run(&self, run: &str) -> Self {
        self.as_str().replace(RUN_PLACEHOLDER, run).into()
    }

    /// The place for a reader who knows no `file://`: that of a path is taken off.
    #[must_use]
    pub(crate) fn without_file_scheme(&self) -> Self {
        match self {
            Self::Path(path) => path.as_path().to_string_lossy().into_owned().into(),
            Self::Claim(_) | Self::Object(_) => self.clone(),
        }
    }

    /// A relative path starts in `base`; everything else stays as it is written.
    #[must_use]
    pub(crate) fn starting_at(&self, base: &Path) -> Self {
        match self {
            Self::Path(path) if !path.is_url() && path.as_path().is_relative() => {
                tidy(&base.join(path.as_path())).to_string_lossy().into_owned().into()
            }
            _ => self.clone(),
        }
    }
}

impl From<String> for Place {
    fn from(text: String) -> Self {
        if let Some(claim) = Claim::parse(&text) {
            Self::Claim(claim)
        } else if has_scheme(text.strip_prefix(FILE).unwrap_or(&text)) {
            Self::Object(ObjectUrl { text })
        } else {
            Self::Path(LocalPath { text })
        }
    }
}

impl From<&str> for Place {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Place {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

impl JsonSchema for Place {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Place".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// `s3://bucket/x`, `gs://...`: a scheme stands before `://`.
fn has_scheme(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// `a/./b/../c` as `a/c`. A link on the way is the runtime's to follow.
fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if tidy.file_name().is_some() => {
                tidy.pop();
            }
            // `/..` is `/`.
            Component::ParentDir if tidy.has_root() => {}
            other => tidy.push(other),
        }
    }
    tidy
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str) -> Option<Claim> {
        Place::from(text).claim().cloned()
    }

    #[test]
    fn a_place_is_a_path_a_claim_or_an_object() {
        for path in [".", "/data", "a:b", "./x://y", "file:///data", "file://x", ""] {
            assert!(matches!(Place::from(path), Place::Path(_)), "{path}");
        }
        for object in ["gs://b", "s3://b/x", "hdfs+a://x", "PVC://x", "file://s3://b"] {
            assert!(matches!(Place::from(object), Place::Object(_)), "{object}");
        }
        assert_eq!(claim("s3://a/b"), None);
    }

    #[test]
    fn a_claim_has_a_name_and_maybe_a_path() {
        let parts = |text: &str| claim(text).map(|claim| (claim.name, claim.path)).unwrap();
        assert_eq!(parts("pvc://a"), ("a".into(), String::new()));
        assert_eq!(parts("pvc://a/b/c/"), ("a".into(), "b/c".into()));
        assert!(claim("pvc://a/b").unwrap().is_sound());
        assert!(!claim("pvc:///b").unwrap().is_sound());
        assert!(!claim("pvc://a/../b").unwrap().is_sound());
    }

    #[test]
    fn the_text_stays_and_only_the_path_loses_its_scheme() {
        for text in ["file:///data/x", "pvc://a//b/", "s3://b/{run}", "./a/../b", "/a//b"] {
            let place = Place::from(text);
            assert_eq!(place.to_string(), text);
            assert_eq!(serde_json::to_value(&place).unwrap(), text);
            assert_eq!(serde_json::from_value::<Place>(text.into()).unwrap(), place);
        }
        let Place::Path(path) = Place::from("file:///data/x") else { panic!("a path") };
        assert_eq!((path.as_path(), path.is_url()), (Path::new("/data/x"), true));
        assert_eq!(Place::from("file:///data").without_file_scheme().as_str(), "/data");
    }

    #[test]
    fn urls_and_absolute_paths_stay_as_written() {
        let base = Path::new("/home/me/job");
        let placed = |text: &str| Place::from(text).of_run("d-1").starting_at(base).to_string();
        assert_eq!(placed("s3://b/x/{run}"), "s3://b/x/d-1");
        assert_eq!(placed("file:///x"), "file:///x");
        assert_eq!(placed("/data//x/"), "/data//x/");
        assert_eq!(placed("../out/{run}"), "/home/me/out/d-1");
        assert_eq!(placed("."), "/home/me/job");
        assert_eq!(placed("./src/../lib"), "/home/me/job/lib");
        assert_eq!(placed("../../../../x"), "/x");
    }
}
