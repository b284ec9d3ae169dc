//! Stores beside the threads of an agent.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::error::PlaceError;
use crate::storage::{BucketSettings, StorageConfig, Stores};

/// How often somebody is asked whether a transfer should go on.
const ASK: Duration = Duration::from_millis(100);

/// The stores of an agent, and what their requests run on.
pub(in crate::agent) struct Connected {
    runtime: Runtime,
    /// The stores themselves.
    pub(super) stores: Stores,
}

impl Connected {
    /// Stores that find credentials in the environment of the command: what it may do, the agent may.
    pub(in crate::agent) fn new(
        env: &[(String, String)],
        buckets: &BTreeMap<String, BucketSettings>,
    ) -> Result<Self, PlaceError> {
        // Another part of this process may have chosen the provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let env: BTreeMap<String, String> = env.iter().cloned().collect();
        let config =
            StorageConfig { home: env.get("HOME").map(Into::into), env, buckets: buckets.clone() };
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Ok(Self { runtime: runtime.map_err(PlaceError::Connect)?, stores: Stores::new(config) })
    }

    /// Waits for a transfer, in this thread, until somebody wants it to end.
    pub(super) fn wait<T>(
        &self,
        is_ended: &dyn Fn() -> bool,
        work: impl Future<Output = Result<T, PlaceError>>,
    ) -> Result<T, PlaceError> {
        self.runtime.block_on(async {
            tokio::pin!(work);
            loop {
                if is_ended() {
                    return Err(PlaceError::Ended);
                }
                if let Ok(done) = tokio::time::timeout(ASK, &mut work).await {
                    return done;
                }
            }
        })
    }
}
