//! What tests on a cluster share: the cluster, a namespace for each test, and what runs in it.

mod cluster;
mod gang;
mod namespace;
mod person;
mod pods;
mod proxy;
mod report;
mod store;
mod thief;
mod user;
mod world;

use cluster::{feed, succeed};
pub use gang::{COUNTS, SPREAD};
pub use namespace::Kube;
pub use person::Person;
pub use pods::Pod;
pub use proxy::{Fault, Proxy};
pub use report::Why;
pub use store::Store;
pub use thief::Thief;
pub use world::World;

use std::time::{Duration, Instant};

/// How long anything in a cluster may take that takes seconds where nothing else runs.
pub const LONG: Duration = Duration::from_secs(120);

/// Polls until there is something, or fails naming what was awaited.
#[track_caller]
pub fn poll<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} until {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
