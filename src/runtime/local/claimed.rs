//! The claim of a run on an output that is a folder of this machine.

use std::path::Path;

use super::process;
use crate::gang::RunId;
use crate::plan::Plan;
use crate::runtime::RuntimeError;
use crate::storage::{ClaimError, Claims, Place, StorageConfig, Stores};
use crate::store::RunPaths;

/// Why a plan's run may not have a folder; `None`: it may, or claims none. Changes nothing.
pub(super) fn refused(base: &Path, plan: &Plan, state: &Path) -> Option<String> {
    let mode = plan.gang().claim?;
    let lives = |run: &str| lives(state, run);
    let place = place(base);
    let looked =
        ask(async |stores| Claims::new(stores, &place, &lives).look(&plan.head.run, mode).await);
    looked.err().map(|error| error.to_string())
}

/// Claims a folder for a plan's run, if it is one that is claimed.
pub(super) fn take(base: &Path, plan: &Plan, state: &Path) -> Result<(), RuntimeError> {
    let Some(mode) = plan.gang().claim else { return Ok(()) };
    let lives = |run: &str| lives(state, run);
    let place = place(base);
    ask(async |stores| Claims::new(stores, &place, &lives).take(&plan.head.run, mode).await)
        .map_err(|error| RuntimeError::Refused(vec![error.to_string()]))
}

/// Gives back what a run has claimed that could not be started.
pub(super) fn give_back(base: &Path, run: &RunId) -> Result<bool, ClaimError> {
    let place = place(base);
    ask(async |stores| Claims::new(stores, &place, &|_| None).give_back(run).await)
}

/// Whether a run that this machine remembers lives. The id is what a file says that others may have written.
fn lives(state: &Path, run: &str) -> Option<bool> {
    let run: RunId = run.parse().ok()?;
    let paths = RunPaths::new(state, &run);
    paths.dir.is_dir().then(|| process::anything_lives(&paths))
}

fn place(base: &Path) -> Place {
    base.to_string_lossy().into_owned().into()
}

/// Asks in a thread of its own, since whoever calls may be in an asynchronous one already.
fn ask<T: Send>(
    question: impl AsyncFnOnce(&Stores) -> Result<T, ClaimError> + Send,
) -> Result<T, ClaimError> {
    let asked = std::thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime
                .map(|runtime| runtime.block_on(question(&Stores::new(StorageConfig::default()))))
        });
        asking.join()
    });
    match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Err(ClaimError::Unasked(error)),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
