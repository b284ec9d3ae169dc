//! The documents of a batch prediction, which lie in its output, and where they lie there.

mod job;
mod layout;
mod marker;

pub use job::{InputFormat, JOB_VERSION, JobDocument, OutputFormat, Rows, Shard};
pub use layout::{OutputFile, OutputLayout};
pub use marker::{Latency, MARKER_VERSION, Marker, Part};
