//! Ends of commands that came behind the run's own end: they are in no event of it, and in what the
//! agents left.

use super::RunView;
use crate::gang::TerminationMessage;
use crate::store::RunPaths;

/// Takes into the view of an ended run the exits of which its events don't tell.
pub fn take_in_ends(view: &mut RunView, paths: &RunPaths) {
    if !view.state.is_ended() {
        return;
    }
    let silent = view.replicas.values().filter(|one| one.attempt > 0 && one.last_exit().is_none());
    let silent: Vec<_> = silent.map(|one| one.replica.clone()).collect();
    for replica in silent {
        let left = fs_err::read(paths.termination(&replica)).ok();
        let left = left.and_then(|text| serde_json::from_slice::<TerminationMessage>(&text).ok());
        if let Some(message) = left.filter(|message| message.replica == replica) {
            view.take_in_end(&message);
        }
    }
}
