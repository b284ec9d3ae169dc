//! What stands before the revisions of an endpoint.
//!
//! A [`Router`] takes HTTP/1.1 and HTTP/2 without TLS on one port (or both by TLS), chooses a revision
//! by weight and a replica of it by load, and passes the request on. [`Router::configure`] replaces
//! everything at once; requests that are under way end where they are. It reads no file, no clock but
//! time itself, and prints nothing: what it has seen is in [`Router::snapshot`] and in the [`Record`]s
//! that come through a channel.

mod clock;
mod config;
mod front;
mod gather;
mod live;
mod proxy;
mod record;
mod route;
mod router;
mod spawn;
mod stats;
mod upstream;

pub use config::{
    Assignment, ConfigError, Fault, Limits, LogConfig, ReplicaConfig, Retries, RevisionConfig,
    RouterConfig, Routes, SCHEMA_VERSION, ShadowConfig, Share, Sticky, TokenHash, TokenHashError,
};
pub use record::{Access, Record, Sample};
pub use router::Router;
pub use stats::{
    Counts, DroppedStats, Histogram, PROMETHEUS_TYPE, ReplicaStats, RevisionStats, STATS_VERSION,
    Snapshot, Window,
};

#[cfg(test)]
mod tests;
