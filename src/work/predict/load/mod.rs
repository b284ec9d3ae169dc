//! A small load test that tells what callers would see.

mod report;
mod run;
mod tally;

pub use report::{FailureReport, LOAD_VERSION, LatencyReport, LoadReport, RevisionReport};
pub use run::{LoadOptions, load, prepare};
