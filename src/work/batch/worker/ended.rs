//! Who a worker is, how far it has come, and how it ends.

use crate::work::batch::Summary;

/// Which of a job's workers this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerPlace {
    /// Its index, from 0.
    pub index: u32,
    /// How many workers the job has.
    pub replicas: u32,
    /// A word that no other worker has, nor this one after a restart: letters, digits and `-` only, for
    /// it is part of names in the output.
    pub writer: String,
}

/// How far a worker has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WorkerProgress {
    /// Rows that this worker has asked for, those that failed included.
    pub rows: u64,
    /// Those of them that have failed.
    pub failed: u64,
    /// Shards of the job that are committed, whoever did them.
    pub shards: u64,
    /// Rows per second since this worker began.
    pub rows_per_second: f64,
}

/// How a worker ended that was not stopped by an error.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkerEnd {
    /// The whole job is done and published.
    Complete(Box<Summary>),
    /// More rows have failed than the job allows. What was committed stays, and if that was the whole
    /// job, it is published too.
    OverLimit {
        /// How many failed, of how many, and what was allowed.
        reason: String,
    },
}
