//! Where things are in a pod, seen from its document.

use std::path::{Path, PathBuf};

use super::document::{CODE_DIR, DOCUMENT, HOME_DIR, PAST_DIR, ROOT, SECRET_DIR, WORK_DIR};

/// Name of the file with the gang's token within [`SECRET_DIR`].
pub(super) const TOKEN_FILE: &str = "token";

/// The folders around a document: everything that mlctl mounts is below one root.
#[derive(Clone, Debug)]
pub(super) struct PodPaths {
    root: PathBuf,
}

impl PodPaths {
    /// The document is `<root>/config/pod.json`.
    pub(super) fn of(document: &Path) -> Option<Self> {
        let root = document.parent()?.parent()?;
        (document.file_name()? == DOCUMENT).then(|| Self { root: root.to_owned() })
    }

    /// One of the document module's folders.
    fn dir(&self, dir: &str) -> PathBuf {
        let below = Path::new(dir).strip_prefix(ROOT).unwrap_or(Path::new(dir));
        self.root.join(below)
    }

    pub(super) fn token(&self) -> PathBuf {
        self.dir(SECRET_DIR).join(TOKEN_FILE)
    }

    pub(super) fn secret_variables(&self, role: &str) -> PathBuf {
        self.dir(SECRET_DIR).join(format!("env.{role}"))
    }

    pub(super) fn withheld(&self, role: &str) -> PathBuf {
        self.dir(SECRET_DIR).join(format!("withheld.{role}"))
    }

    pub(super) fn past(&self) -> PathBuf {
        self.dir(PAST_DIR)
    }

    pub(super) fn code(&self) -> PathBuf {
        self.dir(CODE_DIR)
    }

    pub(super) fn home(&self) -> PathBuf {
        self.dir(HOME_DIR)
    }

    /// For the working folders of the attempts.
    pub(super) fn attempts(&self) -> PathBuf {
        self.dir(WORK_DIR).join("attempts")
    }

    /// For Python environments; they stay over the attempts.
    pub(super) fn cache(&self) -> PathBuf {
        self.dir(WORK_DIR).join("cache")
    }

    /// For the model of a replica that doesn't lead.
    pub(super) fn own_model(&self) -> PathBuf {
        self.dir(WORK_DIR).join("model")
    }
}
