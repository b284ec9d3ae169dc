//! A schedule: one gang, how its commands behave and what the adversary does, all from one seed.

use std::time::Duration;

use super::draw::{fault, pick, steer};
use crate::gang::{Completion, CostLimit, FailureClass, GangConfig, Member, PerClass, ReplicaId};

/// Milliseconds of the world's clock, or a number of them.
pub(super) type Ms = u64;

pub(super) const SECOND: Ms = 1000;

/// One thing that the adversary does. Indexes count members; whoever holds the place then is hit.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// SIGKILL to the container: agent and command. The next pod's generation may be stamped 0.
    KillAgent { index: usize, stamp_zero: bool },
    /// The node is gone; nobody notices until `back`, if ever.
    NodeLost { index: usize, back: Option<Ms> },
    /// The kernel kills only the command.
    KillCommand { index: usize },
    /// SIGKILL to the containers of all agents at once.
    KillAll,
    /// The primary is killed after so many outputs from its verdict on.
    CrashInVerdict { after: u32 },
    /// The link breaks; what is under way is lost.
    Cut { index: usize },
    /// Nothing gets out of, or into, the agent.
    Partition { index: usize, out: bool, inward: bool, length: Ms },
    /// What is sent to or from the agent takes longer.
    Slow { index: usize, extra: Ms, length: Ms },
    /// The agent's process stands still (its command goes on).
    Pause { index: usize, length: Ms },
    /// SIGTERM from outside to these; in a cluster SIGKILL follows.
    Sigterm { indexes: Vec<usize> },
    /// A second pod of the index while the first lives. A primary is cut off first.
    Duplicate { index: usize },
    /// A second pod so soon that what is under way to the first, slowed down, may still arrive.
    Displace { index: usize, after: Ms, extra: Ms },
    /// Another fault, so long after the next such moment of a primary; 0 is before its messages
    /// leave.
    At { moment: Moment, delay: Ms, fault: Box<Fault> },
    /// A join that doesn't belong here.
    Foreign { index: usize, kind: u8 },
    /// A user cancels the run, through its primary.
    Cancel,
    /// The Job is suspended for so long: all pods are deleted and later created anew.
    Suspend { length: Ms },
    /// The deadline of the Job is over: all pods are deleted for good.
    Deadline,
    /// The laptop sleeps for so long, with everything on it.
    Sleep { length: Ms },
    /// The agent's container nears its memory limit.
    MemoryFull { index: usize },
    /// The link stays up, and nothing more gets through, to the primary or from it.
    BlackHole { index: usize, up: bool },
    /// The termination message can't be written for a while; a torn one may stay behind.
    DiskFull { index: usize, torn: bool, length: Ms },
}

/// What a primary does when a steered fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// An attempt has failed and the gang gathers for another.
    Gathers,
    /// An attempt starts, and no member has been told yet.
    Starts,
}

/// A whole schedule: the same seed always gives the same one.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) laptop: bool,
    pub(super) config: GangConfig,
    /// Per member: when its first agent starts.
    pub(super) starts: Vec<Ms>,
    /// Of 100 commands so many fail by themselves.
    pub(super) failing: u64,
    /// Commands fail when a peer is gone.
    pub(super) coupled: bool,
    /// Messages arrive twice now and then.
    pub(super) repeats: bool,
    pub(super) faults: Vec<(Ms, Fault)>,
}

/// How one command behaves if nothing happens to it, and how it answers to signals.
#[derive(Clone, Copy, Debug)]
pub(super) struct Behaviour {
    pub(super) starts_after: Ms,
    pub(super) runs: Option<Ms>,
    pub(super) ends: Ends,
    pub(super) on_term: OnTerm,
    /// Nothing ends it, not even SIGKILL.
    pub(super) unkillable: bool,
    pub(super) cleans_after: Option<Ms>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    Well,
    Code,
    Signal,
    NotStarted,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum OnTerm {
    Dies(Ms),
    ExitsZero(Ms),
    Ignores,
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        // By the seed itself: what is drawn for the other schedules stays the same.
        let steered = seed % 10 == 7;
        let laptop = rng.u8(..4) == 0 && !steered;
        let n = pick(&mut rng, &[1, 2, 2, 2, 3, 3, 3, 4, 5, 6]) as usize;
        let n = if steered { n.max(2) } else { n };
        let serving = usize::from(n >= 3 && rng.u8(..4) == 0);
        let members = (0..n)
            .map(|i| {
                let serves = i >= n - serving;
                let role = if serves { "ps" } else { "worker" };
                let index = if serves { 0 } else { i as u32 };
                Member { replica: ReplicaId::new(role, index), serves }
            })
            .collect();
        let seconds = Duration::from_secs;
        let mut budgets = PerClass::default();
        for class in FailureClass::ALL {
            budgets.0.insert(class, pick(&mut rng, &[0, 1, 2, 3, 4]) as u32);
        }
        let mut config = GangConfig {
            run: "digits-abc123".into(),
            job_uid: "job".into(),
            members,
            completion: if rng.bool() { Completion::All } else { Completion::Primary },
            budgets,
            final_codes: Vec::new(),
            timeout: (rng.u8(..8) != 0).then(|| seconds(pick(&mut rng, &[60, 200, 500]))),
            cost_limit: (seed % 8 == 5).then(|| CostLimit {
                time: seconds(if seed % 16 == 5 { 150 } else { 300 }),
                text: "5 at 60 an hour".into(),
            }),
            start_timeout: seconds(120),
            rejoin_timeout: if laptop { Duration::ZERO } else { seconds(240) },
            drain: seconds(pick(&mut rng, &[5, 30, 60])),
            grace: seconds(pick(&mut rng, &[2, 10, 30])),
            lease: seconds(15),
            kill_bound: seconds(6),
            blame_hold: seconds(3),
            outside_pause: seconds(3),
        };
        let starts = (0..n)
            .map(|_| match rng.u8(..40) {
                0 => 119_900 + rng.u64(..200),
                1 => 300 * SECOND,
                2..=9 => rng.u64(..20_000),
                _ => rng.u64(..2000),
            })
            .collect();
        let failing = pick(&mut rng, &[0, 5, 15, 30]);
        let coupled = rng.bool();
        let repeats = rng.u8(..3) == 0;
        let count = pick(&mut rng, &[0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 10]);
        let span = pick(&mut rng, &[10, 40, 120, 300]) * SECOND;
        let mut faults: Vec<_> =
            (0..count).map(|_| (rng.u64(..span), fault(&mut rng, n, laptop))).collect();
        // The kernel kills what has filled its memory; in a version 2 control group the agent too.
        let kills: Vec<_> = faults
            .iter()
            .filter_map(|(at, fault)| match fault {
                Fault::MemoryFull { index } if rng.bool() => {
                    let kill = Fault::KillAgent { index: *index, stamp_zero: false };
                    Some((at + 4 * SECOND + rng.u64(..10_000), kill))
                }
                _ => None,
            })
            .collect();
        faults.extend(kills);
        if steered {
            faults.truncate(rng.usize(..3));
            faults.extend(steer(&mut rng, n));
            let budget = pick(&mut rng, &[0, 0, 1, 2]) as u32;
            config.budgets.0.insert(FailureClass::Infrastructure, budget);
        }
        faults.sort_by_key(|(at, _)| *at);
        Self { seed, laptop, config, starts, failing, coupled, repeats, faults }
    }

    pub(super) fn n(&self) -> usize {
        self.config.members.len()
    }

    /// The same for the same replica, attempt and pod, whatever else happens.
    pub(super) fn behaviour(&self, index: usize, attempt: u32, agent: usize) -> Behaviour {
        let salt = (index as u64) << 40 | (attempt as u64) << 20 | agent as u64;
        let mut rng = fastrand::Rng::with_seed(self.seed.wrapping_mul(31) ^ salt);
        let member = &self.config.members[index];
        let fails = rng.u64(..100) < self.failing;
        let ends = match (fails, rng.u8(..4)) {
            (false, _) => Ends::Well,
            (true, 0) => Ends::Signal,
            (true, 1) => Ends::NotStarted,
            (true, _) => Ends::Code,
        };
        let hangs = self.config.timeout.is_some() && rng.u8(..30) == 0;
        let long = pick(&mut rng, &[300, 5000, 20_000, 40_000, 90_000]);
        let endless = (member.serves && ends == Ends::Well) || hangs;
        Behaviour {
            starts_after: rng.u64(..1500),
            runs: (!endless).then(|| rng.u64(..long) + 1),
            ends,
            on_term: match rng.u8(..8) {
                0 | 1 => OnTerm::Ignores,
                2 | 3 => OnTerm::ExitsZero(rng.u64(..1500)),
                _ => OnTerm::Dies(rng.u64(..1500)),
            },
            unkillable: rng.u8(..150) == 0,
            cleans_after: (rng.u8(..100) != 0).then(|| rng.u64(..1000)),
        }
    }
}
