//! Whether the server can be asked now.

use tokio::sync::watch;

use super::predictor::PredictError;
use crate::work::model_server::ServerState;

/// How it is known whether the server can be asked.
#[derive(Clone, Debug)]
pub enum Connection {
    /// Somebody else looks after it.
    Endpoint,
    /// It is watched.
    Watched(watch::Receiver<ServerState>),
}

impl Connection {
    /// Waits until the server can be asked.
    pub(super) async fn ready(&self) -> Result<(), PredictError> {
        let Self::Watched(state) = self else { return Ok(()) };
        let mut state = state.clone();
        let seen = state.wait_for(|state| *state != ServerState::Starting).await;
        match seen.as_deref() {
            Ok(ServerState::Gone(reason)) => Err(PredictError { reason: reason.clone() }),
            Ok(_) => Ok(()),
            Err(_) => Err(PredictError { reason: "the worker is ending its server".into() }),
        }
    }
}
