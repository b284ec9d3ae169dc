//! Ends of commands that came behind the run's own end: they are in no event of it, and in what the
//! agents left.

use super::{ReplicaView, RunView};
use crate::gang::{ReplicaId, TerminationMessage};
use crate::store::RunPaths;

/// The exit of some command of an ended run is not known.
pub fn lacks_ends(view: &RunView) -> bool {
    !silent(view).is_empty()
}

fn silent(view: &RunView) -> Vec<ReplicaId> {
    let is_silent = |one: &&ReplicaView| one.attempt > 0 && one.last_exit().is_none();
    let all = view.replicas.values().filter(|_| view.state.is_ended());
    all.filter(is_silent).map(|one| one.replica.clone()).collect()
}

/// Takes into the view of an ended run the exits of which its events don't tell.
pub fn take_in_ends(view: &mut RunView, paths: &RunPaths) {
    for replica in silent(view) {
        let left = fs_err::read(paths.termination(&replica)).ok();
        let left = left.and_then(|text| serde_json::from_slice::<TerminationMessage>(&text).ok());
        if let Some(message) = left.filter(|message| message.replica == replica) {
            view.take_in_end(&message);
        }
    }
}
