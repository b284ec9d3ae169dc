//! What a router has counted.

mod histogram;
mod prometheus;
mod snapshot;

pub use histogram::Histogram;
pub(crate) use histogram::{BUCKETS, bucket};
pub use prometheus::PROMETHEUS_TYPE;
pub use snapshot::{
    Counts, DroppedStats, ReplicaStats, RevisionStats, STATS_VERSION, Snapshot, Window,
};
