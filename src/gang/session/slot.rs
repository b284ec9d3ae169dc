//! What the session knows of one member.

use std::time::Duration;

use super::{Incarnation, LinkId};
use crate::gang::{Exit, Met, Now, ReplicaId, Usage};

/// One replica's place in the gang. It is present while `pod` is set: from its join until it is
/// lost.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) replica: ReplicaId,
    pub(super) serves: bool,
    pub(super) pod: Option<Incarnation>,
    pub(super) link: Option<LinkId>,
    /// When it was last heard of by a message that can't be older than this primary's own pause.
    pub(super) last_heard: Now,
    /// Its last long silence: how long it was, and when it ended.
    pub(super) last_silence: Option<(Duration, Now)>,
    /// Without another word it is lost then.
    pub(super) lost_at: Now,
    /// The `sent` (its clock) of its last join or heartbeat.
    pub(super) last_sent: Now,
    /// No lease that it was ever given lasts longer than this (our clock).
    pub(super) granted_until: Now,
    /// Nothing runs there and nothing is on its way that could start something.
    pub(super) idle: bool,
    /// It was told to start the current attempt and has said nothing since that it could say only
    /// after it had read that: the start may still be on its way.
    pub(super) starting: bool,
    /// How its command of the current attempt ended.
    pub(super) exit: Option<Exit>,
    /// The time (our clock) of the newest probe that it has answered; zero before the first.
    pub(super) answered_probe: Now,
    pub(super) usage: Usage,
    /// When the primary's log repeated it last.
    pub(super) usage_told: Option<Now>,
    /// It was sent SIGTERM from outside and will leave.
    pub(super) outside: bool,
    /// It was told to leave so that its pod is replaced.
    pub(super) replacing: bool,
    /// It has acknowledged the verdict.
    pub(super) acked: bool,
    /// The primary that it had met before it joined this one.
    pub(super) met: Option<Met>,
}

impl Slot {
    pub(super) fn new(replica: ReplicaId, serves: bool) -> Self {
        Self {
            replica,
            serves,
            pod: None,
            link: None,
            last_heard: Now::ZERO,
            last_silence: None,
            lost_at: Now::ZERO,
            last_sent: Now::ZERO,
            granted_until: Now::ZERO,
            idle: false,
            starting: false,
            exit: None,
            answered_probe: Now::ZERO,
            usage: Usage::default(),
            usage_told: None,
            outside: false,
            replacing: false,
            acked: false,
            met: None,
        }
    }

    pub(super) fn present(&self) -> bool {
        self.pod.is_some()
    }

    /// Its command ended well by itself: one that exits 0 after SIGTERM did not.
    pub(super) fn succeeded(&self) -> bool {
        self.exit.as_ref().is_some_and(|exit| exit.status.is_success() && !exit.killed_by_gang)
    }

    /// Whether it can be told to start: here, linked, idle and not about to leave.
    pub(super) fn ready(&self) -> bool {
        self.present() && self.link.is_some() && self.idle && !self.outside && !self.replacing
    }

    /// The kernel may have killed it without a word: its last report was near the limit.
    pub(super) fn out_of_memory(&self) -> bool {
        let Usage { memory, memory_limit, .. } = self.usage;
        memory_limit > 0 && memory >= memory_limit / 10 * 9
    }
}
