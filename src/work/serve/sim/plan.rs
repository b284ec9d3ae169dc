//! A schedule: one endpoint, what its revisions do, what people do and what the adversary does, all from
//! one seed.

use std::time::Duration;

use super::traffic::Shape;
use crate::work::serve::rollout::{RevisionRules, RolloutRules, Rules, Transition};
use crate::work::serve::scale::ScaleRules;

/// Seconds of the world's clock, or a number of them.
pub(super) type Second = i32;

/// What is wrong with a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    Nothing,
    /// Every so many-th request ends in an error of the server.
    Errors {
        every: u64,
    },
    /// Every so many-th answer is cut short.
    Cut {
        every: u64,
    },
    /// Every so many-th request is refused as the client's fault.
    Refuses {
        every: u64,
    },
    /// So many times as slow.
    Slow {
        times: u32,
    },
    /// It never is ready.
    NeverReady,
    /// Its replicas end while they start.
    EndsAtStart,
    /// Its replicas end so long after they were warm, and don't start again.
    Dies {
        after: Second,
    },
}

/// What a digest stands for.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// From its start to ready.
    pub(super) start: Second,
    /// From ready to warm.
    pub(super) warm: Second,
    /// Milliseconds that its requests take in the middle.
    pub(super) latency: f64,
    pub(super) trouble: Trouble,
    /// Its trouble shows from this share of the requests on.
    pub(super) shows_at: u8,
}

impl Model {
    pub(super) fn is_good(&self) -> bool {
        self.trouble == Trouble::Nothing
    }

    /// Whether its trouble is one of its answers, and shows at this share.
    pub(super) fn shows(&self, weight: u8) -> bool {
        let is_answer = !matches!(
            self.trouble,
            Trouble::Nothing | Trouble::NeverReady | Trouble::EndsAtStart | Trouble::Dies { .. }
        );
        is_answer && weight >= self.shows_at
    }
}

/// One revision of a spec.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) name: String,
    /// Which model, by its place in the plan.
    pub(super) model: usize,
    pub(super) traffic: u8,
    pub(super) min: u32,
    pub(super) max: u32,
}

/// What people apply.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) revisions: Vec<Revision>,
    pub(super) rollout: Option<RolloutRules>,
}

/// What people do. Numbers choose among what is there then.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Apply(Spec),
    Traffic(u64),
    Rollback(Option<u64>),
    Bounds { which: u64, min: u32, max: u32 },
    Pause,
    Resume,
    Promote,
    Abort,
}

/// What the adversary does. Numbers choose among what is there then.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The controller is killed after so many more writes and actions, and is away for so long. What it
    /// had decided may still be written after its end.
    KillController { after: u32, away: Second, late: bool },
    /// A replica ends.
    KillReplica(u64),
    /// All replicas of a revision end.
    KillRevision(u64),
    /// A router ends, and comes back with counters that begin anew, under its own name or another one.
    KillRouter { which: u64, away: Second, renamed: bool },
    /// A router takes so long to take new weights, from now on.
    SlowRouter { which: u64, delay: Second },
    /// A router's counters can't be read for so long.
    Unread { which: u64, length: Second },
    /// Whoever starts and stops replicas refuses for so long.
    Refuses { length: Second },
}

/// A whole schedule: the same seed always gives the same one.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    /// Replicas that have ended are replaced by the controller, not by the cluster.
    pub(super) laptop: bool,
    pub(super) models: Vec<Model>,
    pub(super) scaling: ScaleRules,
    pub(super) transition: Transition,
    pub(super) keep_warm: Second,
    pub(super) drain: Second,
    pub(super) start_timeout: Second,
    /// So much people's clocks are ahead, or behind.
    pub(super) skew: Second,
    pub(super) routers: usize,
    /// Longest time until a router takes new weights.
    pub(super) router_delay: Second,
    /// Replicas that there is room for; the others wait.
    pub(super) room: usize,
    pub(super) traffic: Shape,
    /// Of 1000 requests so many take seconds.
    pub(super) long: f64,
    /// Of 1000 requests so many ask for a revision by name.
    pub(super) forced: f64,
    /// Each with whether it comes between a controller's reading and its writing.
    pub(super) acts: Vec<(Second, Act, bool)>,
    pub(super) faults: Vec<(Second, Fault)>,
    /// From then on nothing happens any more, and the traffic is constant.
    pub(super) calm_at: Second,
    pub(super) calm: f64,
}

pub(super) fn seconds(seconds: Second) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

impl Plan {
    /// The model that a digest stands for.
    pub(super) fn model(&self, digest: &str) -> &Model {
        &self.models[digest[1..].parse::<usize>().unwrap()]
    }

    /// What a spec becomes.
    pub(super) fn rules(&self, spec: &Spec) -> Rules {
        let revisions = spec.revisions.iter().map(|one| {
            let rules = RevisionRules {
                digest: format!("m{}", one.model),
                traffic: one.traffic,
                min: one.min,
                max: one.max,
                start_timeout: seconds(self.start_timeout),
            };
            (one.name.parse().unwrap(), rules)
        });
        Rules {
            revisions: revisions.collect(),
            transition: self.transition,
            scaling: self.scaling.clone(),
            rollout: spec.rollout.clone(),
            keep_warm: seconds(self.keep_warm),
            drain: seconds(self.drain),
        }
    }

    pub(super) fn rate(&self, now: Second) -> f64 {
        if now >= self.calm_at { self.calm } else { self.traffic.rate(now) }
    }
}
