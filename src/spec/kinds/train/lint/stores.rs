//! Buckets: who can write to them, and what is said of them that nothing uses.

use super::context::Lint;
use crate::spec::kinds::train::{Output, OutputMode};
use crate::spec::syntax::{Code, Diagnostic};
use crate::storage::Place;

/// Schemes of stores that mlctl can write to.
const WRITABLE: [&str; 6] = ["s3", "gs", "az", "abfs", "abfss", "azure"];

/// Schemes of stores that mlctl can read.
const READABLE: [&str; 3] = ["http", "https", "hf"];

impl Lint<'_> {
    /// Whether the mode of an output fits its place.
    pub(super) fn mode(&mut self, output: &Output) {
        let Some(mode) = output.mode() else { return };
        let span = self.spans.value("output.mode");
        let place = output.place();
        if !matches!(place, Place::Object(_)) {
            self.add(
                Diagnostic::error(Code::BadUri, format!("`{place}` is no bucket and has no mode"))
                    .at(span, "for a URL such as `s3://bucket/path`")
                    .help("leave `mode` out"),
            );
        } else if mode == OutputMode::Sync && !is_writable(place) {
            self.add(
                Diagnostic::error(Code::BadUri, format!("mlctl can't write to `{place}`"))
                    .at(span, "needs a bucket of `s3://`, `gs://` or `az://`")
                    .help("write `mode: direct` if the command can write there itself"),
            );
        }
    }

    /// `storage` names a service account, and so may the job: they must be one.
    pub(crate) fn stores(&mut self) {
        let job = self.job;
        let Some(storage) = &job.storage else { return };
        if let (Some(one), Some(other)) = (&storage.service_account, &job.service_account)
            && one != other
        {
            self.add(
                Diagnostic::error(Code::BadUri, "pods have one service account")
                    .at(self.spans.value("storage.serviceAccount"), "one")
                    .at(self.spans.value("serviceAccount"), "another")
                    .help("leave one of them out"),
            );
        }
    }
}

/// mlctl writes to such stores.
pub(crate) fn is_writable(place: &Place) -> bool {
    scheme(place).is_some_and(|scheme| WRITABLE.contains(&scheme))
}

/// mlctl reads from such stores.
pub(crate) fn is_readable(place: &Place) -> bool {
    is_writable(place) || scheme(place).is_some_and(|scheme| READABLE.contains(&scheme))
}

fn scheme(place: &Place) -> Option<&str> {
    let Place::Object(_) = place else { return None };
    place.as_str().split_once("://").map(|(scheme, _)| scheme)
}
