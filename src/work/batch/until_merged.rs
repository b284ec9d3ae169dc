//! Stands in for the client and for the data path, with their signatures, until their branches are
//! merged: this file is then deleted.

use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::{Answer, Permit, PredictError, Predictor, ServerState};
use crate::plan::{BatchPlan, ServerPlan};
use crate::storage::Stores;

const MISSING: &str = "this build has no client and no data path";

/// See `protocol::Token`.
pub struct Token(pub Option<String>);

/// See `protocol::ClientOptions`.
#[allow(missing_docs)]
pub struct ClientOptions {
    pub timeout: Duration,
    pub max_in_flight: Option<u32>,
    pub token: Token,
}

/// See `protocol::Connection`.
#[allow(missing_docs)]
pub enum Connection {
    Endpoint,
    Watched(watch::Receiver<ServerState>),
}

/// See `protocol::Client`.
pub struct Client;

#[allow(missing_docs, clippy::unused_async)]
impl Client {
    pub async fn connect(
        _plan: &ServerPlan,
        _base: &str,
        _connection: Connection,
        _options: ClientOptions,
    ) -> Result<Self, PredictError> {
        Err(PredictError { reason: MISSING.into() })
    }
}

impl Predictor for Client {
    fn predict(&self, _: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Answer>, PredictError>> {
        Box::pin(async { Err(PredictError { reason: MISSING.into() }) })
    }

    fn admit(&self) -> BoxFuture<'_, Permit> {
        Box::pin(async { Permit(None) })
    }
}

/// See `worker::WorkerPlace`.
#[allow(missing_docs)]
pub struct WorkerPlace {
    pub index: u32,
    pub replicas: u32,
    pub writer: String,
}

/// See `worker::WorkerProgress`.
#[allow(missing_docs)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkerProgress {
    pub rows: u64,
    pub failed: u64,
    pub shards: u64,
    pub rows_per_second: f64,
}

/// See `worker::WorkerEnd`.
#[allow(missing_docs)]
pub enum WorkerEnd {
    Complete(()),
    OverLimit { reason: String },
}

/// See `worker::run_worker`.
#[allow(clippy::unused_async)]
pub async fn run_worker(
    _stores: &Stores,
    _plan: &BatchPlan,
    _place: WorkerPlace,
    _predictor: &dyn Predictor,
    _report: &(dyn Fn(WorkerProgress) + Sync),
) -> Result<WorkerEnd, PredictError> {
    Err(PredictError { reason: MISSING.into() })
}
