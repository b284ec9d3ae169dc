//! What keeps somebody from following a run.

use std::io;

use super::SyncError;
use crate::runtime::RuntimeError;
use crate::store::StoreError;

/// Following failed; the run goes on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The run could not be brought up to date.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The watcher could not write, for example because the reader of standard output is gone.
    #[error(transparent)]
    Output(io::Error),
}

impl From<StoreError> for FollowError {
    fn from(error: StoreError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<RuntimeError> for FollowError {
    fn from(error: RuntimeError) -> Self {
        Self::Sync(error.into())
    }
}
