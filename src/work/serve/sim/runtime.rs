//! Whoever starts and stops replicas: a cluster, or a laptop's own processes.

use std::collections::BTreeMap;

use super::plan::{Plan, Second, Trouble};
use crate::work::serve::rollout::{RevisionFacts, RevisionId};

/// A replica that stayed ready so long begins its failures anew.
const STAYED: Second = 10;

/// Requests that take seconds, on their way through a router.
#[derive(Clone, Debug)]
pub(super) struct Long {
    pub(super) router: usize,
    pub(super) begun: Second,
    pub(super) ends: Second,
    pub(super) count: u64,
}

/// One process.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    pub(super) ready_at: Second,
    pub(super) warm_at: Second,
    pub(super) ends_at: Second,
    /// Since when it gets nothing new.
    pub(super) drains: Option<Second>,
    pub(super) long: Vec<Long>,
}

impl Replica {
    pub(super) fn is_ready(&self, now: Second) -> bool {
        self.drains.is_none() && now >= self.ready_at
    }

    pub(super) fn is_warm(&self, now: Second) -> bool {
        self.drains.is_none() && now >= self.warm_at
    }
}

/// What it was told of one revision, and what became of that.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub(super) digest: String,
    pub(super) wanted: u32,
    pub(super) replicas: Vec<Replica>,
    /// Those for which there is no room.
    pub(super) waiting: u32,
    pub(super) failed: u32,
    pub(super) failures: u32,
    pub(super) failed_at: Option<Second>,
    /// In a cluster: successors that start again, and when.
    restarts: Vec<Second>,
    ready_since: Option<Second>,
    pub(super) concurrency: f64,
}

impl Told {
    pub(super) fn ready(&self, now: Second) -> u32 {
        self.replicas.iter().filter(|one| one.is_ready(now)).count() as u32
    }

    pub(super) fn warm(&self, now: Second) -> u32 {
        self.replicas.iter().filter(|one| one.is_warm(now)).count() as u32
    }

    /// Those that take memory.
    pub(super) fn living(&self) -> usize {
        self.replicas.len()
    }

    /// Nothing of it is there, or about to be.
    pub(super) fn is_gone(&self) -> bool {
        self.replicas.is_empty() && self.restarts.is_empty() && self.waiting == 0
    }

    fn serving(&self) -> usize {
        self.replicas.iter().filter(|one| one.drains.is_none()).count()
    }
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Runtime {
    pub(super) told: BTreeMap<RevisionId, Told>,
    pub(super) refuses_until: Second,
}

impl Runtime {
    /// Is to have so many replicas from now on. Whether it took that.
    pub(super) fn scale(
        &mut self,
        id: &RevisionId,
        digest: &str,
        wanted: u32,
        now: Second,
    ) -> bool {
        if now < self.refuses_until {
            return false;
        }
        let told = self.told.entry(id.clone()).or_default();
        if told.digest != digest {
            digest.clone_into(&mut told.digest);
        }
        told.wanted = wanted;
        true
    }

    /// Is to start successors.
    pub(super) fn replace(&mut self, id: &RevisionId, count: u32, now: Second) {
        if now >= self.refuses_until
            && let Some(told) = self.told.get_mut(id)
        {
            told.failed -= count.min(told.failed);
        }
    }

    /// A second goes by. Returns the requests of replicas that have ended by themselves, and of those
    /// that were stopped before they were through.
    pub(super) fn advance(&mut self, plan: &Plan, now: Second, rng: &mut fastrand::Rng) -> Ended {
        let mut ended = Ended::default();
        let mut room = plan.room.saturating_sub(self.told.values().map(Told::living).sum());
        for (id, told) in &mut self.told {
            let model = plan.model(&told.digest);
            let (failed, stopped) = ends(told, plan, now);
            if !failed.is_empty() {
                told.failures += 1;
                told.failed_at = Some(now);
            }
            for replica in failed {
                if plan.laptop {
                    told.failed += 1;
                } else {
                    let pause = 2_i32.saturating_pow(told.failures.min(6)).min(40);
                    told.restarts.push(now + pause);
                }
                ended.failed.push((id.clone(), replica));
            }
            ended.stopped.extend(stopped.into_iter().map(|replica| (id.clone(), replica)));
            let wanted = told.wanted as usize;
            told.restarts.retain(|at| *at > now);
            told.restarts.truncate(wanted);
            told.failed = told.failed.min(told.wanted);
            let absent = told.failed as usize + told.restarts.len();
            let serving = told.serving();
            let missing = wanted.saturating_sub(serving + absent);
            let starts = missing.min(room);
            room -= starts;
            told.waiting = (missing - starts) as u32;
            for _ in 0..starts {
                // Each takes its own time.
                let ready_at = now + model.start + rng.i32(0..4);
                let warm_at = ready_at + model.warm;
                let (ready_at, warm_at, ends_at) = match model.trouble {
                    Trouble::NeverReady => (Second::MAX, Second::MAX, Second::MAX),
                    Trouble::EndsAtStart => (Second::MAX, Second::MAX, ready_at),
                    Trouble::Dies { .. } if told.failures > 0 => {
                        (Second::MAX, Second::MAX, ready_at)
                    }
                    Trouble::Dies { after } => (ready_at, warm_at, warm_at + after),
                    _ => (ready_at, warm_at, Second::MAX),
                };
                told.replicas.push(Replica {
                    ready_at,
                    warm_at,
                    ends_at,
                    drains: None,
                    long: Vec::new(),
                });
            }
            let excess = (serving + starts).saturating_sub(wanted);
            stop(told, excess, now);
            if told.ready(now) == 0 {
                told.ready_since = None;
            } else {
                let since = *told.ready_since.get_or_insert(now);
                if now - since >= STAYED && told.failed == 0 {
                    told.failures = 0;
                }
            }
        }
        ended
    }

    /// What is known of them.
    pub(super) fn facts(&self, now: Second) -> BTreeMap<RevisionId, RevisionFacts> {
        let fact = |told: &Told| {
            let ready = told.ready(now);
            let long: u64 = told.replicas.iter().flat_map(|one| &one.long).map(|l| l.count).sum();
            RevisionFacts {
                wanted: Some(told.wanted),
                starting: (told.serving() as u32 - ready)
                    + told.waiting
                    + told.restarts.len() as u32,
                ready,
                warm: told.warm(now),
                draining: (told.living() - told.serving()) as u32,
                failed: told.failed,
                failures: told.failures,
                failed_at: told.failed_at.map(super::world::at),
                failure: told.failed_at.map(|_| "its process ended".to_owned()),
                in_flight: long as u32 + told.concurrency.round() as u32,
                ..RevisionFacts::default()
            }
        };
        self.told.iter().map(|(id, told)| (id.clone(), fact(told))).collect()
    }
}

/// Replicas that are no more.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) failed: Vec<(RevisionId, Replica)>,
    pub(super) stopped: Vec<(RevisionId, Replica)>,
}

/// Takes those away that end by themselves, and those that have nothing left to do or no time for it.
fn ends(told: &mut Told, plan: &Plan, now: Second) -> (Vec<Replica>, Vec<Replica>) {
    let (mut failed, mut stopped) = (Vec::new(), Vec::new());
    for replica in std::mem::take(&mut told.replicas) {
        let is_through = replica.drains.is_some_and(|since| {
            now > since && replica.long.is_empty() || now - since >= plan.drain
        });
        if is_through {
            stopped.push(replica);
        } else if replica.ends_at <= now && replica.drains.is_none() {
            failed.push(replica);
        } else {
            told.replicas.push(replica);
        }
    }
    (failed, stopped)
}

/// Takes so many away: first what has not started, then the youngest.
fn stop(told: &mut Told, excess: usize, now: Second) {
    for _ in 0..excess {
        let serving = told.replicas.iter().enumerate().filter(|(_, one)| one.drains.is_none());
        let Some((place, _)) = serving.max_by_key(|(_, one)| one.warm_at) else { return };
        if told.replicas[place].ready_at > now {
            told.replicas.remove(place);
        } else {
            told.replicas[place].drains = Some(now);
        }
    }
}
