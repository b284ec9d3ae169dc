//! The seam that lets the simulation switch off one rule and prove that it notices. In the released
//! library [`keeps`] is the constant `true`.

/// A rule that the simulation can switch off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// A member kills its command when its lease ends.
    LeaseKills,
    /// A lease shrinks with the oldest contact to any member.
    LeaseShrinks,
    /// A lease counts from the sending of what it answers, not from its arrival.
    LeaseFromSending,
    /// No start before a lost member's lease, its killing and the margin are over.
    QuietAfterLoss,
    /// A new primary waits for its predecessor's fence before it starts.
    QuietAfterAdoption,
    /// A new primary waits unless all others prove its predecessor's end.
    ProofOfEnd,
    /// A new primary takes over what its joiners remember.
    Adopt,
    /// A new primary takes over a verdict that a joiner knows.
    AdoptVerdict,
    /// Only `Stopped` and a fresh join make a member idle.
    WaitForStopped,
    /// An equal or lower generation is refused while the incumbent lives.
    RefuseDuplicates,
    /// Joins of another run, job or size are refused.
    RefuseForeign,
    /// Peer-loss errors wait for the real cause.
    HoldPeerLoss,
    /// What the gang killed is not blamed.
    SpareKilled,
    /// A start needs every member.
    StartNeedsAll,
    /// The verdict is known by all who live before it is committed.
    AckBeforeCommit,
    /// No commit before the start that a displaced member may be about to carry out is fenced off.
    CommitInQuiet,
    /// A primary that is being taken away commits no sooner than that starts are refused.
    HurryAfterStarts,
    /// A verdict is not carried away while its primary may be replaced.
    HandOver,
    /// A primary that never gathered the gang judges nothing.
    JudgeOnlyGathered,
    /// SIGTERM from outside exits 143, whatever the command returned.
    OutsideIsNoSuccess,
    /// Only exits of the current attempt count.
    CurrentExitsOnly,
    /// A verdict is never changed.
    FirstVerdictStays,
    /// A command that ignores SIGTERM is killed.
    GraceEnds,
    /// A member without a primary gives up at last.
    OrphansLeave,
    /// A gathering ends at last.
    GatheringEnds,
    /// `timeout` counts what was carried.
    CarriedElapsed,
    /// An exhausted budget ends the run.
    BudgetsEnd,
    /// Nothing starts after a member reported that it could not clean up.
    UncleanIsReplaced,
}

#[cfg(not(test))]
pub(super) const fn keeps(_rule: Rule) -> bool {
    true
}

#[cfg(test)]
pub(super) use switch::{keeps, switch_off};

#[cfg(test)]
mod switch {
    use super::Rule;
    use std::cell::Cell;

    thread_local! {
        static OFF: Cell<Option<Rule>> = const { Cell::new(None) };
    }

    /// Switches one rule off (or none) for the machines of this thread.
    pub(crate) fn switch_off(rule: Option<Rule>) {
        OFF.set(rule);
    }

    pub(crate) fn keeps(rule: Rule) -> bool {
        OFF.get() != Some(rule)
    }
}
