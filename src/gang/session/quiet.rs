//! When nothing of an earlier attempt can be running any more.

use super::machine::Phase;
use super::slot::Slot;
use super::{Session, SessionOutput};
use crate::gang::rules::{Rule, keeps};
use crate::gang::{Met, Now, ToMember};

impl Session {
    /// No attempt may start before: a command out of reach may still run. What earlier primaries may
    /// have left counts only as long as their end is not proved.
    pub(super) fn quiet_at(&self) -> Now {
        if self.is_proved() { self.quiet_until } else { self.quiet_until.max(self.inherited_until) }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.now >= self.quiet_at()
    }

    /// Everybody else was with the last primary to its end, and that one is over. A new pod among them
    /// stands for one that nobody knows of.
    fn is_proved(&self) -> bool {
        let Some((_, others)) = self.slots.split_first() else { return false };
        // A primary without members holds a lease of nobody: waiting would prove nothing.
        let me = (self.me.generation, self.counted.1);
        let is_over = |met: Met| met.is_over_for(me.0, me.1) || !keeps(Rule::ProofOfEnd);
        let has_seen = |slot: &Slot| slot.present() && slot.met.is_some_and(is_over);
        self.me.generation > 0 && others.iter().all(has_seen)
    }

    /// What a member is to know of this primary.
    pub(super) fn as_met(&self) -> Met {
        let (generation, disruptions) = (self.me.generation, self.counted.1);
        Met { generation, disruptions, quiet: self.is_quiet(), left: false }
    }

    /// This primary's process ends though its session has not. Whoever is linked keeps what the gang
    /// remembers, and knows that nothing of this primary is left where its command has ended (`clean`).
    pub fn farewell(&mut self, clean: bool) -> Vec<SessionOutput> {
        if self.phase != Phase::Over {
            let over = clean && self.is_quiet();
            for i in (0..self.slots.len()).filter(|i| !Self::is_own(*i)) {
                let carry = self.memory();
                self.tell(i, ToMember::Left { carry, over });
            }
        }
        self.phase = Phase::Over;
        self.take_out()
    }
}
