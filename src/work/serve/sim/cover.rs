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
    "a good one arrived",
    "a late line",
    "a person came in between",
    "controller killed",
    "drained first",
    "failed",
    "fewer replicas",
    "finished",
    "inconclusive",
    "more replicas",
    "panic",
    "paused by itself",
    "refused",
    "replaced",
    "replica killed",
    "request held",
    "request lost with its replicas",
    "rolled back by a person",
    "router killed",
    "router unread",
    "settled",
    "step",
    "swapped",
    "taken over",
    "to zero",
];
