//! What a job does with an output that another run has filled.

use super::TrainError;
use crate::plan::Plan;
use crate::runtime::RuntimeError;
use crate::spec::TrainJob;
use crate::storage::{ClaimMode, Place};

/// Has a job's output claimed as its submission says.
///
/// # Errors
/// What was asked for means nothing for this output.
pub fn claim_output(job: &TrainJob, plan: &mut Plan, mode: ClaimMode) -> Result<(), TrainError> {
    permit(job, mode).map_err(|why| RuntimeError::Refused(vec![why]))?;
    plan.claim_output(mode);
    Ok(())
}

/// Why a job can't do with its output what was asked for; `Ok` where it can. Where each run has a place of its
/// own, nothing is there that would have to be written over, but nothing either to go on from.
fn permit(job: &TrainJob, mode: ClaimMode) -> Result<(), String> {
    if mode == ClaimMode::New {
        return Ok(());
    }
    let resumes = mode == ClaimMode::Resume;
    match &job.output {
        None if resumes => {
            Err("--resume: the job has no `output`, so that each run writes to a new folder of \
                                its own; name a place, for example --set output=./out"
                .into())
        }
        Some(output) if resumes && output.place().as_str().contains("{run}") => Err(format!(
            "--resume: output: {} is another place for each run; name the one to go on from, with --set \
             output=PLACE",
            output.place()
        )),
        Some(output) if matches!(output.place(), Place::Object(_)) && !job.is_synced() => {
            Err(format!(
                "--{}: output: {place} is written by the command itself, which does with what it finds there as it \
             likes; `output: {{uri: {place}, mode: sync}}` leaves that to mlctl",
                if resumes { "resume" } else { "overwrite" },
                place = output.place(),
            ))
        }
        _ => Ok(()),
    }
}
