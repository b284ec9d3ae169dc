//! Whoever predicts, as the data path sees it.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// Answers rows. Behind it are a protocol, retries, back-off, and the bisecting of batches that fail.
pub trait Predictor: Send + Sync {
    /// The predictions of a batch, each for the instance at the same place: always as many answers as
    /// instances. An instance is JSON text exactly as it is sent. It returns when every row has an
    /// answer; an error is the batch's own only where no row could be asked at all: the server is gone
    /// for good, or its credentials are refused. Then no row of it counts as failed.
    fn predict<'a>(
        &'a self,
        instances: Vec<&'a [u8]>,
    ) -> BoxFuture<'a, Result<Answers, PredictError>>;

    /// Waits until one more batch may be on its way, by what the server takes; the permit is given
    /// back when it is dropped.
    fn admit(&self) -> BoxFuture<'_, Permit>;
}

/// The place of one batch among those that are on their way.
pub struct Permit(pub Option<tokio::sync::OwnedSemaphorePermit>);

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Answers {
    /// Of each row, in order.
    pub rows: Vec<Answer>,
    /// The versions of the model that have answered, where the server says them, each with the number
    /// of rows that it has predicted.
    pub versions: Vec<(Arc<str>, u64)>,
}

/// What became of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Its prediction: JSON text, exactly as the server wrote it.
    Prediction(Bytes),
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
