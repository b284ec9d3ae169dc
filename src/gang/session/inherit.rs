//! What a new primary knows of earlier ones though nobody is left who could tell it.

use super::slot::Slot;
use super::{Session, SessionOutput};
use crate::gang::{Carry, FailureClass, GangEvent};

/// What is known of a run when its primary's agent starts, from elsewhere than the other agents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// What an earlier primary has written down where it outlives all pods, or somebody who followed
    /// the run. Empty where nobody has.
    pub known: Carry,
    /// How many agents of the primary's replica there were before this one, as the cluster counts
    /// them.
    pub replaced: u32,
    /// How many of these were ended from outside.
    pub disruptions: u32,
}

impl Session {
    /// Takes over what is known of earlier primaries. To be called before the first input.
    pub fn inherit(&mut self, past: &Past) -> Vec<SessionOutput> {
        let Past { known, replaced, disruptions } = past;
        self.counted = (*replaced, *disruptions);
        let attempt = known.epoch.1;
        if attempt > self.highest_attempt {
            self.event(GangEvent::Adopted {
                attempt,
                elapsed: known.elapsed,
                failure: known.first_failure.clone().filter(|failure| failure.attempt == attempt),
                spent: known.spent.clone(),
            });
            // Its commands may run until their leases are over, whatever this pod's number says.
            self.inherited_until = self.inherited_until.max(self.now + self.config.dead_after());
            self.highest_attempt = attempt;
            self.counted_from = Some(self.now);
        }
        // A verdict is acted upon before there is a session.
        self.carry.merge(&Carry { verdict: None, ..known.clone() });
        self.take_out()
    }

    /// Where all members are new and nobody remembers anything, the cluster's own counts are all that is
    /// known of earlier attempts: each agent that was replaced had one, and a disruption was charged for as
    /// such. Some may have come before the first attempt, so that they alone end nothing.
    pub(super) fn count_in(&mut self) {
        let (replaced, disruptions) = self.counted;
        let is_new = |slot: &Slot| slot.pod.as_ref().is_some_and(|pod| pod.generation > 0);
        if self.highest_attempt > 0 || self.carry.epoch.1 > 0 || !self.slots.iter().all(is_new) {
            return;
        }
        self.highest_attempt = replaced;
        let class = FailureClass::Preemption;
        let budget = self.config.budgets.get(class);
        let spent = self.carry.spent.0.entry(class).or_default();
        *spent = disruptions.min(budget).max(*spent);
        let (spent, elapsed) = (self.carry.spent.clone(), self.carry.elapsed);
        self.event(GangEvent::Adopted { attempt: replaced, elapsed, failure: None, spent });
    }
}
