//! What lies in the code that a spec names, as far as a spec's checks may look.

use std::path::{Path, PathBuf};

use crate::spec::CodeFiles;
use crate::spec::syntax::Source;
use crate::storage::{DOCUMENT_LIMIT, locate, read_text};

/// Code below the folder of a spec.
pub(super) struct NamedCode {
    /// The folder of the spec.
    pub(super) base: PathBuf,
    /// What users call it.
    pub(super) beside: PathBuf,
}

impl CodeFiles for NamedCode {
    fn is_folder(&self, path: &str) -> bool {
        self.base.join(path).is_dir()
    }

    fn is_there(&self, path: &str) -> bool {
        self.base.join(path).exists()
    }

    fn text(&self, path: &str) -> Result<Source, String> {
        let named = self.beside.join(path).display().to_string();
        // Such a link stays behind, and what it leads to may be anybody's.
        let found = locate(&self.base, &path.into()).ok().flatten();
        if let Some(found) = found.filter(|found| found.by_link && found.outside) {
            return Err(format!(
                "{named} is a link to {}, outside of `code`",
                found.real.display()
            ));
        }
        let text =
            read_text(&self.base.join(Path::new(path)), DOCUMENT_LIMIT).map_err(|error| {
                if error.is_missing() { format!("there is no {named}") } else { error.to_string() }
            })?;
        Ok(Source::new(named, text))
    }
}
