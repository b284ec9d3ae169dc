//! What happened at least once: a simulation in which nothing happens proves nothing.

use std::collections::BTreeMap;

/// How often each interesting thing happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Cover(pub(super) BTreeMap<&'static str, u64>);

impl Cover {
    pub(super) fn hit(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }
}

/// Each of these must happen in a default run.
pub(super) const WANTED: &[&str] = &[
    "adopted attempt",
    "adopted verdict",
    "agent exits 0",
    "agent exits 143",
    "agent exits 40",
    "agent exits 41",
    "agent exits 42",
    "agent exits 43",
    "attempt ended",
    "black hole",
    "cancelled",
    "commit without all acknowledgements",
    "could not start",
    "crash in verdict",
    "disbanded",
    "disk full",
    "displaced",
    "drained",
    "failed",
    "farewell",
    "foreign refused",
    "held blame",
    "held blame replaced by the cause",
    "killed in set-up",
    "laptop loss",
    "laptop slept",
    "lease expired",
    "live duplicate",
    "new pod",
    "orphan",
    "out of memory inferred",
    "preemption",
    "primary stood still",
    "proved end",
    "refused",
    "replaced after two failures",
    "retry",
    "serving role ended",
    "SIGKILL after grace",
    "struck while gathering",
    "struck while starting",
    "success",
    "success after retry",
    "suspended",
    "timed out",
    "unclean",
];
