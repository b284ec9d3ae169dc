//! What one worker does: shards, one after the other, until the whole job is done.

mod counts;
mod ended;
mod feed;
mod finish;
mod limits;
mod numbering;
mod order;
mod pipeline;
mod run;
mod shard;
mod sink;
#[cfg(test)]
mod tests;

pub use ended::{WorkerEnd, WorkerPlace, WorkerProgress};
pub(crate) use finish::job_of;
pub use run::run_worker;
