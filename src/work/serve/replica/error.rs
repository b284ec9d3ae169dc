//! Why a replica can't serve.

use std::io;

use crate::work::model_server::StageError;

/// A replica could not begin to serve, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// The model could not be fetched.
    #[error(transparent)]
    Model(#[from] StageError),
    /// The warm-up's file could not be read.
    #[error("the requests of the warm-up: {0}; see `warmup.file`")]
    Warmup(String),
    /// The server refuses a request of the warm-up, so that it would refuse callers' too.
    #[error(
        "request {number} of the warm-up failed: {reason}; correct `warmup.file`, or the model"
    )]
    Refused {
        /// Its number, from 1 on.
        number: u32,
        /// What the server answers.
        reason: String,
    },
    /// The server has ended, or never was ready.
    #[error("{0}")]
    Server(String),
    /// The machine's part: ports, files.
    #[error(transparent)]
    Io(#[from] io::Error),
}
