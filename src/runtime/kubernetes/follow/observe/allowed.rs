//! What is changed in a cluster by the way, while somebody only looks at a run.

use crate::runtime::{ClusterError, RuntimeError};

/// Whether it was done. Who may not do it has looked all the same: what was found out counts, and whoever
/// may do it does it later.
pub(super) fn if_allowed(done: Result<(), impl Into<RuntimeError>>) -> Result<bool, RuntimeError> {
    match done.map_err(Into::into) {
        Ok(()) => Ok(true),
        Err(RuntimeError::Cluster(ClusterError::Forbidden { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}
