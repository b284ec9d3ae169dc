//! Why a plan can't become objects of a cluster.

/// The plan can't be written as objects of a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// Every reason, each a sentence that names the field of the spec.
    #[error("{}", .0.join("; "))]
    Refused(Vec<String>),
}
