//! What can go wrong when a model is asked.

use crate::work::protocol::{CallError, DiscoverError};

/// A model can't be asked, or gives no prediction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PredictionError {
    /// It is not known how the server is asked.
    #[error(transparent)]
    Discover(#[from] DiscoverError),
    /// The server gives no prediction.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What was given is no JSON: where, and why.
    #[error("{0}")]
    Json(String),
    /// `{"inputs": ...}` is a form of another protocol.
    #[error("this server's protocol has no body of the form {{\"inputs\": ...}}")]
    Inputs,
    /// There is nothing to ask.
    #[error("{0} has no rows")]
    NoRows(String),
    /// The model takes no images, or none in this form.
    #[error("{0}")]
    Image(String),
}
