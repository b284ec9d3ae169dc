//! Routers, and the requests that go through them. A request that finds no ready replica is held; when
//! the weights leave its revision, it chooses anew.

use std::collections::{BTreeMap, BTreeSet};

use super::plan::Second;
use super::world::World;
use crate::work::serve::rollout::{RevisionId, Weights};
use crate::work::serve::window::{Counts, Reading, RevisionReading};

/// So long a request is held.
pub(super) const HOLD: Second = 60;

/// Requests that wait for a replica.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) revision: RevisionId,
    pub(super) since: Second,
    pub(super) count: u64,
    /// It has waited for a revision that could not answer.
    excused: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Router {
    pub(super) name: String,
    /// It is down until then.
    pub(super) back_at: Option<Second>,
    pub(super) weights: Weights,
    pub(super) next: Option<(Second, Weights)>,
    pub(super) delay: Second,
    pub(super) unread_until: Second,
    pub(super) drained: BTreeSet<RevisionId>,
    pub(super) counts: BTreeMap<RevisionId, Counts>,
    /// Requests times seconds since it was read last.
    pub(super) load: BTreeMap<RevisionId, f64>,
    read_at: Second,
    pub(super) held: Vec<Held>,
    /// What each revision is owed, so that the weights hold evenly.
    owed: BTreeMap<RevisionId, f64>,
}

impl Router {
    pub(super) fn new(name: String, delay: Second) -> Self {
        Self {
            name,
            back_at: None,
            weights: Weights::default(),
            next: None,
            delay,
            unread_until: 0,
            drained: BTreeSet::new(),
            counts: BTreeMap::new(),
            load: BTreeMap::new(),
            read_at: 0,
            held: Vec::new(),
            owed: BTreeMap::new(),
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.back_at.is_none()
    }

    /// So many requests, by weight.
    pub(super) fn share(&mut self, count: u64) -> Vec<(RevisionId, u64)> {
        let mut shares = Vec::new();
        let mut left = count;
        for (id, weight) in self.weights.iter() {
            let owed = self.owed.entry(id.clone()).or_default();
            *owed += count as f64 * f64::from(weight) / 100.0;
            let get = (owed.max(0.0) as u64).min(left);
            *owed -= get as f64;
            left -= get;
            shares.push((id.clone(), get));
        }
        // What rounding has left goes to whom most is owed.
        while left > 0 && !shares.is_empty() {
            let owed = |id: &RevisionId| self.owed.get(id).copied().unwrap_or_default();
            let most = shares.iter_mut().max_by(|a, b| owed(&a.0).total_cmp(&owed(&b.0)));
            let Some((id, get)) = most else { break };
            *get += 1;
            left -= 1;
            *self.owed.entry(id.clone()).or_default() -= 1.0;
        }
        shares
    }
}

impl World<'_> {
    /// A second of all routers.
    pub(super) fn route(&mut self) {
        for index in 0..self.routers.len() {
            self.wake_router(index);
        }
        self.watch_routed();
        for told in self.runtime.told.values_mut() {
            told.concurrency = 0.0;
        }
        self.loads.begin();
        self.finish_long();
        let rate = self.plan.rate(self.now);
        let noise = if self.now < self.plan.calm_at { 0.8 + 0.4 * self.rng.f64() } else { 1.0 };
        self.arriving += rate * noise;
        let arrived = self.arriving as u64;
        self.arriving -= arrived as f64;
        let up: Vec<_> = (0..self.routers.len()).filter(|at| self.routers[*at].is_up()).collect();
        for (place, index) in up.iter().enumerate() {
            let turn = (place as u64 + self.now as u64) % up.len() as u64;
            let part = arrived / up.len() as u64 + u64::from(turn < arrived % up.len() as u64);
            self.hand_out_held(*index);
            self.arrive(*index, part);
            self.be_calm(*index, rate / up.len() as f64);
        }
        self.loads.end(&self.plan.scaling);
    }

    fn wake_router(&mut self, index: usize) {
        let (now, config) = (self.now, self.config.clone());
        let router = &mut self.routers[index];
        if router.back_at.is_some_and(|at| at <= now) {
            router.back_at = None;
            (router.weights, router.next) = (config, None);
        }
        if router.next.as_ref().is_some_and(|(at, _)| *at <= now)
            && let Some((_, weights)) = router.next.take()
        {
            router.drained.retain(|id| weights.get(id) == 0);
            router.weights = weights;
        }
    }

    fn hand_out_held(&mut self, index: usize) {
        for held in std::mem::take(&mut self.routers[index].held) {
            let Held { revision, since, count, excused } = held;
            let is_ready =
                self.runtime.told.get(&revision).is_some_and(|one| one.ready(self.now) > 0);
            if is_ready {
                self.serve(index, &revision, count, since, excused);
            } else if self.now - since >= HOLD {
                if !excused {
                    self.lost(&revision, count, "held too long");
                }
            } else if self.routers[index].weights.get(&revision) == 0 {
                let excused = excused || self.is_excused(&revision);
                for (other, part) in self.routers[index].share(count) {
                    self.serve(index, &other, part, since, excused);
                }
            } else {
                self.hold(index, &revision, since, count, excused);
            }
        }
    }

    pub(super) fn hold(
        &mut self,
        index: usize,
        id: &RevisionId,
        since: Second,
        count: u64,
        excused: bool,
    ) {
        let router = &mut self.routers[index];
        *router.load.entry(id.clone()).or_default() += count as f64;
        self.loads.add(id, count as f64, 0.0);
        self.loads.active(id, self.now);
        self.cover.hit("request held");
        let same = router
            .held
            .iter_mut()
            .find(|one| one.since == since && one.revision == *id && one.excused == excused);
        match same {
            Some(held) => held.count += count,
            None => router.held.push(Held { revision: id.clone(), since, count, excused }),
        }
    }

    /// What the routers that can be read have counted.
    pub(super) fn readings(&mut self) -> Vec<Reading> {
        let now = self.now;
        let mut readings = Vec::new();
        for router in &mut self.routers {
            if !router.is_up() || router.unread_until > now {
                continue;
            }
            let past = f64::from((now - router.read_at).max(1));
            router.read_at = now;
            let mut revisions = BTreeMap::new();
            for (id, counts) in &router.counts {
                let reading = RevisionReading { counts: counts.clone(), concurrency: 0.0 };
                revisions.insert(id.clone(), reading);
            }
            for (id, load) in std::mem::take(&mut router.load) {
                let reading: &mut RevisionReading = revisions.entry(id).or_default();
                reading.concurrency = load / past;
            }
            readings.push(Reading { router: router.name.clone(), revisions });
        }
        readings
    }

    /// The weights that all routers have.
    pub(super) fn routed(&self) -> Option<Weights> {
        let mut up = self.routers.iter().filter(|router| router.is_up());
        let first = up.next()?;
        let same = |other: &Router| other.next.is_none() && other.weights == first.weights;
        (first.next.is_none() && up.all(same)).then(|| first.weights.clone())
    }

    /// Requests that are held for a revision.
    pub(super) fn held(&self, id: &RevisionId) -> u64 {
        let all = self.routers.iter().filter(|router| router.is_up()).flat_map(|one| &one.held);
        all.filter(|held| held.revision == *id).map(|held| held.count).sum()
    }
}
