//! Durations that follow from a gang's configuration.

use std::time::Duration;

use super::{GangConfig, Outcome, ReplicaId};

/// What the primary allows beyond `drain` for its members to acknowledge and leave.
const ENDING: Duration = Duration::from_secs(30);

/// What a cluster may need to learn that the other pods have ended: once it knows of the primary's
/// success, the Job controller deletes every pod whose end it doesn't know yet, log and all.
const LAST_EXIT: Duration = Duration::from_secs(3);

impl GangConfig {
    /// Whether something (the Job controller) replaces a lost agent. Where nothing does, a lost
    /// link is the end of the gang.
    pub fn replaces(&self) -> bool {
        !self.rejoin_timeout.is_zero()
    }

    /// The run ends by itself after this long, counted from its first start.
    pub fn longest(&self) -> Option<Duration> {
        let cost = self.cost_limit.as_ref().map(|limit| limit.time);
        self.timeout.into_iter().chain(cost).min()
    }

    /// The replica whose agent is the primary; `None` only of a config without members.
    pub fn primary(&self) -> Option<&ReplicaId> {
        self.members.first().map(|member| &member.replica)
    }

    /// Time between two heartbeats of a member.
    pub fn heartbeat(&self) -> Duration {
        self.lease / 5
    }

    /// The pause before a member dials anew. It doubles up to a third of a heartbeat: pods of a gang start
    /// within moments of each other, but some may have to wait for minutes.
    pub fn first_dial_pause(&self) -> Duration {
        self.heartbeat() / 30
    }

    /// What clocks and schedulers may be off by within one lease.
    pub fn margin(&self) -> Duration {
        self.lease / 5
    }

    /// After this long without contact nothing of an agent's command runs any more.
    pub fn dead_after(&self) -> Duration {
        self.lease + self.kill_bound + self.margin()
    }

    /// The grace of a command whose lease is over: SIGKILL must have worked within `kill_bound`.
    pub fn short_grace(&self) -> Duration {
        self.grace.min(self.kill_bound / 2)
    }

    /// An upper bound for a whole gang to become idle.
    pub fn stop_bound(&self) -> Duration {
        self.grace + self.kill_bound * 2 + self.dead_after() + self.outside_pause
    }

    /// An upper bound for an agent that is told to go from outside to end its command and exit.
    pub fn leave_bound(&self) -> Duration {
        self.grace + self.margin() + self.kill_bound * 2
    }

    /// How long the primary waits for its members after a verdict.
    pub fn ending_bound(&self, drain: Duration) -> Duration {
        drain + ENDING.max(self.grace + self.kill_bound * 2 + self.margin())
    }

    /// An upper bound for all agents to be gone after the run has ended so.
    pub fn leaving_bound(&self, outcome: Outcome) -> Duration {
        let drains = outcome == Outcome::Succeeded;
        self.ending_bound(if drains { self.drain } else { Duration::ZERO }) + self.last_exit_pause()
    }

    /// How long the primary outlives the last of its members.
    pub fn last_exit_pause(&self) -> Duration {
        if self.replaces() && self.members.len() > 1 { LAST_EXIT } else { Duration::ZERO }
    }

    /// How long a member goes on without a word from any primary. One that was there from the beginning
    /// waits for the first; one that has replaced another may have to wait until the primary is back.
    pub fn orphan_bound(&self, welcomed: bool, generation: u32) -> Duration {
        match (welcomed, self.replaces()) {
            (false, true) if generation > 0 => {
                self.start_timeout.max(self.rejoin_timeout) + self.margin()
            }
            (false, _) => self.start_timeout + self.margin(),
            (true, false) => self.dead_after() * 2,
            (true, true) => self.rejoin_timeout + self.stop_bound(),
        }
    }
}
