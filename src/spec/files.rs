//! Files that a spec names and that are part of what it says.

use std::fmt;
use std::sync::Arc;

use super::syntax::Source;

/// Reads a file that a spec names; an error says why not, in one sentence.
type Read = dyn Fn(&str) -> Result<Source, String> + Send + Sync;

/// How files are read that a spec names, such as that of a study's trial. The library opens no file
/// by itself: without a reader nothing is said about what is in them.
#[derive(Clone, Default)]
pub struct SpecFiles(Option<Arc<Read>>);

impl SpecFiles {
    /// Files are read by this function, which gets the path as the spec has it.
    pub fn by(read: impl Fn(&str) -> Result<Source, String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(read)))
    }

    /// The file with what users call it; none without a reader.
    pub(super) fn read(&self, path: &str) -> Option<Result<Source, String>> {
        self.0.as_ref().map(|read| read(path))
    }
}

impl fmt::Debug for SpecFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "SpecFiles(a reader)" } else { "SpecFiles(none)" })
    }
}
