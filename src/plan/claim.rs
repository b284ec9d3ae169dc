//! Which outputs are claimed for a run.

use super::Plan;
use crate::storage::{ClaimMode, Place};

impl Plan {
    /// Has the output claimed before anything is written there, so that no two runs fill one place. A
    /// bucket to which the command itself writes isn't: what the agent may do there nobody has said.
    pub fn claim_output(&mut self, mode: ClaimMode) {
        let gang = self.gang_mut();
        let is_claimed = match &gang.output {
            None => false,
            Some(Place::Object(_)) => gang.sync.is_some(),
            Some(Place::Path(_) | Place::Claim(_)) => true,
        };
        gang.claim = is_claimed.then_some(mode);
    }
}
