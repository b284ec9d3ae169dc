//! What there is to be asked again.

use crate::storage::{Place, Stores};
use crate::work::batch::output::Ledger;
use crate::work::batch::worker::job_of;
use crate::work::batch::{BatchError, JobDocument};

/// What a retry of an output's failed rows would do.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryPlan {
    /// The job of the output: the plan of the retry has its id.
    pub job: JobDocument,
    /// For `BatchPlan::retry`: the generation of what will be written.
    pub generation: u32,
    /// Shards with failed rows.
    pub shards: u64,
    /// The failed rows. With 0 of them, and nothing unfinished, there is nothing to do.
    pub rows: u64,
    /// Shards that no worker has finished yet: these are done whole.
    pub unfinished: u64,
}

/// Looks which rows of an output have failed. A retry that was killed is planned anew: shards that it
/// had finished are asked again only for what has failed in them still.
pub async fn plan_retry(stores: &Stores, output: &Place) -> Result<RetryPlan, BatchError> {
    let job = job_of(stores, output).await?;
    let ledger = Ledger::new(stores, output, &job.id, job.shards.len() as u32);
    ledger.refresh().await?;
    let mut plan = RetryPlan { job, generation: 1, shards: 0, rows: 0, unfinished: 0 };
    for marker in ledger.markers().await? {
        match marker {
            None => plan.unfinished += 1,
            Some(marker) => {
                plan.generation = plan.generation.max(marker.generation + 1);
                plan.shards += u64::from(marker.failed > 0);
                plan.rows += marker.failed;
            }
        }
    }
    Ok(plan)
}
