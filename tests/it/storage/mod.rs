//! Objects by URL, against real stores.

mod contract;
mod faults;
mod s3;

use std::future::Future;

/// Runs to the end on a runtime like the binary's.
pub fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(work)
}
