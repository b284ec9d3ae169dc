//! Files that a spec names and that are part of what it says.

use std::fmt;
use std::sync::Arc;

use super::syntax::Source;

/// Reads a file that a spec names; an error says why not, in one sentence.
type Read = dyn Fn(&str) -> Result<Source, String> + Send + Sync;

/// What lies in the code of a run. Paths are relative to the folder of the spec that is loaded, or absolute.
pub trait CodeFiles: Send + Sync {
    /// It is a folder of this machine, so that what is in it can be known.
    fn is_folder(&self, path: &str) -> bool;

    /// There is something at this path.
    fn is_there(&self, path: &str) -> bool;

    /// A text, with what users call it; an error says why not, in one sentence.
    fn text(&self, path: &str) -> Result<Source, String>;
}

/// How files are read that a spec names, such as that of a study's trial. The library opens no file
/// by itself: without a reader nothing is said about what is in them.
#[derive(Clone, Default)]
pub struct SpecFiles {
    read: Option<Arc<Read>>,
    code: Option<Arc<dyn CodeFiles>>,
}

impl SpecFiles {
    /// Files are read by this function, which gets the path as the spec has it.
    pub fn by(read: impl Fn(&str) -> Result<Source, String> + Send + Sync + 'static) -> Self {
        Self { read: Some(Arc::new(read)), code: None }
    }

    /// The same with what lies in the code of a run.
    #[must_use]
    pub fn with_code(self, code: impl CodeFiles + 'static) -> Self {
        Self { code: Some(Arc::new(code)), ..self }
    }

    /// The file with what users call it; none without a reader.
    pub(super) fn read(&self, path: &str) -> Option<Result<Source, String>> {
        self.read.as_ref().map(|read| read(path))
    }

    /// What lies in the code of a run, where it can be known.
    pub(super) fn code(&self) -> Option<&dyn CodeFiles> {
        self.code.as_deref()
    }
}

impl fmt::Debug for SpecFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.read.is_some() { "SpecFiles(a reader)" } else { "SpecFiles(none)" })
    }
}
