//! Why a spec has no plan. Validation finds most of it earlier, with a place in the file.

use crate::gang::ParseNameError;

/// The spec can't be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The name of a role can't be the name of replicas.
    #[error(transparent)]
    BadName(#[from] ParseNameError),
    /// A role has neither a command nor an image that could bring one.
    #[error("role `{role}` has nothing to run: give it a `command` or an `image`")]
    NothingToRun {
        /// Name of the role without a command.
        role: String,
    },
    /// A role asks for `replicas: 0`.
    #[error("role `{role}` has no replicas: write at least 1, or remove the role")]
    NoReplicas {
        /// Name of the role without replicas.
        role: String,
    },
    /// More than the gang is measured for.
    #[error("{replicas} replicas are too many: a gang has at most {max}")]
    TooManyReplicas {
        /// How many the spec asks for.
        replicas: u64,
        /// How many there can be.
        max: u32,
    },
}
