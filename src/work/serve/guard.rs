//! The seam that lets the simulation switch off one guard and prove that it notices. In the released
//! library [`keeps`] is the constant `true`.

/// Defines the guards, and for the simulation the list of all of them.
macro_rules! guards {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A guard of the decisions about an endpoint that the simulation can switch off.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Guard {
            $($(#[$doc])* $name,)*
        }

        #[cfg(test)]
        impl Guard {
            /// All of them.
            pub(super) const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

guards! {
    /// No weight for a revision without a warm replica.
    WarmFirst,
    /// No weight before there are enough warm replicas for it.
    EnoughFirst,
    /// The old revision keeps what it needs to take everything back as long as a rollout goes on.
    StableStays,
    /// No step without enough requests.
    EnoughRequests,
    /// Without enough requests nothing fails a step but errors that no later request could mend.
    EnoughToFail,
    /// No step before its interval is over.
    Interval,
    /// A step that has nothing to be judged by is paused, not passed.
    SilenceHolds,
    /// Errors are judged by their limit.
    ErrorLimit,
    /// Latencies are judged by their limits.
    LatencyLimit,
    /// Errors are compared with those of the old revision.
    CompareErrors,
    /// Latencies are compared with those of the old revision.
    CompareLatency,
    /// The client's errors are compared with those of the old revision.
    CompareClientErrors,
    /// Few requests prove nothing.
    SmallNumbers,
    /// A step is judged by its own requests only.
    OwnEvidence,
    /// What routers answered before they had the weights is not counted.
    EvidenceOnceRouted,
    /// Counters that begin again are not subtracted from.
    Resets,
    /// Failure takes the weight away.
    FailureTakes,
    /// A revision that does not start in time fails its change.
    StartTimeout,
    /// A carrier without a replica fails its change.
    LossFails,
    /// Another revision takes over when nothing that carries weight is ready.
    TakeOver,
    /// A paused change waits.
    PauseHolds,
    /// Steps come in their order, none left out.
    StepByStep,
    /// A decision about a change that is over, or a step that was made, changes nothing.
    StaleIgnored,
    /// A decision about replicas counts only on top of the number that it was made for.
    StaleScaleIgnored,
    /// A revision that is changed in place is another one.
    Generations,
    /// Memory never holds both.
    MinimalRam,
    /// What carries nothing stays warm for a while.
    KeepWarm,
    /// Replicas that routers still send to are not stopped.
    RoutedFirst,
    /// Requests under way are waited for.
    DrainFirst,
    /// Pauses between attempts to start grow.
    BackOff,
    /// Never fewer replicas in a panic.
    PanicNeverDown,
    /// A sudden rise is answered at once.
    PanicRises,
    /// A panic ends.
    PanicEnds,
    /// At most so many times as many replicas at once.
    UpLimit,
    /// At most so many times fewer replicas at once.
    DownLimit,
    /// The last replica stays for a window and a while longer.
    ZeroWaits,
    /// The last replica goes in the end.
    ZeroComes,
    /// The first held request starts a replica.
    WakesAtOnce,
    /// Never fewer than the least.
    Min,
    /// Never more than the most.
    Max,
    /// A controller that has just begun takes nothing away before it has measured.
    FreshHolds,
    /// Bounds set by people count.
    PersonsBounds,
}

#[cfg(not(test))]
pub(super) const fn keeps(_guard: Guard) -> bool {
    true
}

#[cfg(test)]
pub(super) use switch::{keeps, switch_off};

#[cfg(test)]
mod switch {
    use super::Guard;
    use std::cell::Cell;

    thread_local! {
        static OFF: Cell<Option<Guard>> = const { Cell::new(None) };
    }

    /// Switches one guard off (or none) for the decisions of this thread.
    pub(crate) fn switch_off(guard: Option<Guard>) {
        OFF.set(guard);
    }

    pub(crate) fn keeps(guard: Guard) -> bool {
        OFF.get() != Some(guard)
    }
}
