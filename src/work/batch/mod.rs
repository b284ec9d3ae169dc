//! Batch prediction: a job cut into shards, workers that send rows to a model server, results in the
//! output itself.

mod job;
mod layout;
mod marker;
mod model_server;
mod predictor;
mod until_merged;

pub use job::{InputFormat, JOB_VERSION, JobDocument, OutputFormat, Rows, Shard};
pub use layout::OutputLayout;
pub use marker::{Latency, MARKER_VERSION, Marker, Part};
pub use model_server::{
    Launch, ModelServer, Ports, ServerOptions, ServerState, StageError, free_ports, stage,
    tensorflow_server,
};
pub use predictor::{Answer, Permit, PredictError, Predictor, RowError};
pub use until_merged::{
    Client, ClientOptions, Connection, Token, WorkerEnd, WorkerPlace, WorkerProgress, run_worker,
};
