//! What a router has counted.

mod histogram;
mod snapshot;

pub use histogram::Histogram;
pub use snapshot::{
    Counts, DroppedStats, ReplicaStats, RevisionStats, STATS_VERSION, Snapshot, Window,
};
