//! What members use, as far as the primary's log repeats it: whoever follows a gang in a cluster reads that
//! log alone.

use std::time::Duration;

use super::Session;
use crate::gang::GangEvent;

/// The least time between two reports of one member's usage.
const PACE: Duration = Duration::from_secs(5);
/// So many members report at that pace; of a larger gang each does so less often. All of them together never
/// write more than the primary does of itself: a node drops the beginning of a long log, and with it what the
/// gang did.
const MEMBERS_AT_PACE: u32 = 2;

impl Session {
    /// Repeats what a member uses, when it is time to. On a laptop each agent's own events are read.
    pub(super) fn repeat_usage(&mut self, i: usize) {
        if Self::is_own(i) || !self.config.replaces() {
            return;
        }
        let others = self.slots.len().saturating_sub(1) as u32;
        let pace = PACE * others.div_ceil(MEMBERS_AT_PACE);
        let slot = &mut self.slots[i];
        let is_due = slot.usage_told.is_none_or(|at| self.now >= at + pace);
        // A member measures nothing while no command runs, and what it says then is from before.
        if !is_due || slot.idle || slot.usage.memory == 0 {
            return;
        }
        slot.usage_told = Some(self.now);
        let (replica, usage) = (slot.replica.clone(), slot.usage);
        let attempt = self.carry.epoch.1;
        self.event(GangEvent::Usage { attempt, replica, usage });
    }
}
