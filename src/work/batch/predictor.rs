//! Whoever predicts, as the data path sees it.

use bytes::Bytes;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// Answers rows. Behind it are a protocol, retries, back-off, and the bisecting of batches that fail.
pub trait Predictor: Send + Sync {
    /// The predictions of a batch, each for the instance at the same place: always as many answers as
    /// instances. An instance is JSON text exactly as it is sent. It returns when every row has an
    /// answer; an error is the batch's own only where no row could be asked at all: the server is gone
    /// for good, or its credentials are refused. Then no row of it counts as failed.
    fn predict(&self, instances: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Answer>, PredictError>>;

    /// Waits until one more batch may be on its way, by what the server takes; the permit is given
    /// back when it is dropped.
    fn admit(&self) -> BoxFuture<'_, Permit>;
}

/// The place of one batch among those that are on their way.
pub struct Permit(pub Option<tokio::sync::OwnedSemaphorePermit>);

/// What became of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Its prediction: JSON text, exactly as the server wrote it, with the version of the model that
    /// answered where the server says it.
    Prediction {
        /// The JSON text.
        prediction: Bytes,
        /// The model's version.
        version: Option<std::sync::Arc<str>>,
    },
    /// It has none.
    Failed(RowError),
}

/// Why a row has no prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowError {
    /// The server's status (HTTP's, or gRPC's by its HTTP equivalent); 400 for a row that was not sent.
    pub code: u16,
    /// Why, in the server's own words where it has some.
    pub message: String,
}

/// No row could be asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct PredictError {
    /// Why, with what to do about it.
    pub reason: String,
}
