//! Where a checkout keeps what, and the commit that its `HEAD` names.

use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::storage::read;
use crate::text::hex;

/// More than any file that names one ref or one folder.
const LINE: u64 = 4096 + 16;
/// A million refs.
const PACKED_REFS: u64 = 64 << 20;
/// Refs that name refs.
const LINKS: usize = 5;

/// The hash of a repository's objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 20 bytes.
    Sha1,
    /// 32 bytes.
    Sha256,
}

impl Kind {
    /// How many bytes an id has.
    pub fn size(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The id of an object with this type and these parts of its content.
    pub fn id(self, kind: &str, size: u64, content: &[u8]) -> Id {
        let mut hasher = self.hasher(kind, size);
        hasher.update(content);
        hasher.id()
    }

    /// A hasher for an object of this type and size.
    pub fn hasher(self, kind: &str, size: u64) -> Hasher {
        let mut hasher = match self {
            Self::Sha1 => Hasher::Sha1(Sha1::new()),
            Self::Sha256 => Hasher::Sha256(Sha256::new()),
        };
        hasher.update(format!("{kind} {size}\0").as_bytes());
        hasher
    }
}

/// An object's id in the making.
pub enum Hasher {
    /// Of 20 bytes.
    Sha1(Sha1),
    /// Of 32 bytes.
    Sha256(Sha256),
}

impl Hasher {
    /// Takes more of the object's content in.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
        }
    }

    /// The id of what was taken in.
    pub fn id(self) -> Id {
        Id(match self {
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
        })
    }
}

/// The id of an object, of 20 or 32 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(Vec<u8>);

impl Id {
    /// Reads hexadecimal digits.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let bytes = hex::decode(std::str::from_utf8(text).ok()?)?;
        matches!(bytes.len(), 20 | 32).then_some(Self(bytes))
    }

    /// An id that is given as bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The hash that it is of, by its length.
    pub fn kind(&self) -> Kind {
        if self.0.len() == 20 { Kind::Sha1 } else { Kind::Sha256 }
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

/// A checkout with the folders that git keeps for it.
#[derive(Debug)]
pub struct Repository {
    /// The folder of the checkout.
    pub root: PathBuf,
    /// `HEAD` and the index of this checkout.
    own: PathBuf,
    /// What all checkouts of a repository share: objects and refs.
    pub common: PathBuf,
}

impl Repository {
    /// The checkout that `dir` lies in. Only an entry `.git` makes one, so that a repository among the
    /// files of another is a folder like any other. One that belongs to neither this user, nor root, nor
    /// the owner of `dir` is none: somebody else has put it above.
    pub fn around(dir: &Path) -> Option<Self> {
        let dir = fs_err::canonicalize(dir).ok()?;
        let owner = fs_err::metadata(&dir).ok()?.uid();
        let found = dir.ancestors().find_map(Self::at)?;
        let whose = fs_err::symlink_metadata(found.root.join(".git")).ok()?.uid();
        [0, owner, rustix::process::geteuid().as_raw()].contains(&whose).then_some(found)
    }

    /// The checkout whose top is `root`.
    pub fn at(root: &Path) -> Option<Self> {
        let mut own = root.join(".git");
        let meta = fs_err::metadata(&own).ok()?;
        if meta.is_file() {
            let text = read(&own, LINE).ok()?;
            own = root.join(path_of(text.strip_prefix(b"gitdir:")?)?);
        }
        let common = match read(&own.join("commondir"), LINE) {
            Ok(text) => own.join(path_of(&text)?),
            Err(_) => own.clone(),
        };
        let is_one = own.join("HEAD").is_file() && common.join("objects").is_dir();
        is_one.then(|| Self { root: root.to_owned(), own, common })
    }

    /// The file that lists what is tracked.
    pub fn index(&self) -> PathBuf {
        self.own.join("index")
    }

    /// The commit that is checked out; `None` before the first.
    pub fn head(&self) -> Option<Id> {
        let mut name = "HEAD".to_owned();
        for _ in 0..LINKS {
            let text = self.read_ref(&name)?;
            let Some(next) = text.strip_prefix(b"ref:") else { return Id::parse(&text) };
            std::str::from_utf8(next.trim_ascii()).ok()?.clone_into(&mut name);
            let plain = Path::new(&name).components().all(|c| matches!(c, Component::Normal(_)));
            if !name.starts_with("refs/") || !plain {
                return None;
            }
        }
        None
    }

    /// Which hash its objects have, which decides how long an id is. By the ids of its branch, or before
    /// the first commit by what its own configuration says.
    pub fn kind(&self) -> Kind {
        if let Some(head) = self.head() {
            return head.kind();
        }
        let config = read(&self.common.join("config"), 64 * LINE).unwrap_or_default();
        let text = String::from_utf8_lossy(&config).to_lowercase();
        let is_long = text.lines().any(|line| {
            let mut parts = line.split('=').map(str::trim);
            parts.next() == Some("objectformat") && parts.next() == Some("sha256")
        });
        if is_long { Kind::Sha256 } else { Kind::Sha1 }
    }

    /// What a ref says, from its own file or from the list of all.
    fn read_ref(&self, name: &str) -> Option<Vec<u8>> {
        for dir in [&self.own, &self.common] {
            if let Ok(text) = read(&dir.join(name), LINE) {
                return Some(text.trim_ascii().to_vec());
            }
        }
        let all = read(&self.common.join("packed-refs"), PACKED_REFS).ok()?;
        let mut lines = all.split(|byte| *byte == b'\n');
        lines.find_map(|line| {
            let id = line.strip_suffix(name.as_bytes())?.strip_suffix(b" ")?;
            Some(id.to_vec())
        })
    }
}

/// A file's only line as a path.
fn path_of(text: &[u8]) -> Option<&Path> {
    let line = text.trim_ascii();
    let good = !line.is_empty() && !line.contains(&0) && !line.contains(&b'\n');
    good.then(|| Path::new(std::ffi::OsStr::from_bytes(line)))
}
