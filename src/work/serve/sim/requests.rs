//! Requests: how they find a replica, and how they are answered.

use std::time::Duration;

use super::plan::{Second, Trouble};
use super::runtime::{Ended, Long};
use super::world::World;
use crate::work::serve::rollout::RevisionId;

/// Of so many requests to a good model one ends in an error. Evenly, so that chance proves nothing.
const GOOD_ERRORS: u64 = 100;
/// Of so many requests to any model one is the client's fault.
const CLIENT_ERRORS: u64 = 50;
/// How long requests take, one after the other, as parts of the model's latency.
const LATENCIES: [f64; 10] = [0.6, 1.0, 0.8, 1.2, 0.9, 1.0, 1.4, 0.7, 1.1, 2.0];

/// How far the evenly spread things of a revision are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Served {
    requests: u64,
    place: u64,
    long: f64,
}

impl World<'_> {
    /// When all is calm, the load of requests is what it is on average, so that no number of replicas goes
    /// up and down by chance.
    pub(super) fn be_calm(&mut self, index: usize, rate: f64) {
        if self.now < self.plan.calm_at {
            return;
        }
        let weights = self.routers[index].weights.clone();
        for (id, weight) in weights.iter() {
            let now = self.now;
            let Some(told) = self.runtime.told.get_mut(id).filter(|told| told.ready(now) > 0)
            else {
                continue;
            };
            let model = self.plan.model(&told.digest);
            let times = match model.trouble {
                Trouble::Slow { times } if model.shows(weight) => f64::from(times),
                _ => 1.0,
            };
            let each = model.latency / 1000.0 * times * LATENCIES.iter().sum::<f64>() / 10.0;
            let busy = rate * f64::from(weight) / 100.0 * each;
            told.concurrency += busy;
            *self.routers[index].load.entry(id.clone()).or_default() += busy;
            self.loads.add(id, busy, 0.0);
        }
    }

    pub(super) fn arrive(&mut self, index: usize, count: u64) {
        let mut by_weight = count;
        if self.plan.forced > 0.0 {
            self.forcing += count as f64 * self.plan.forced / 1000.0;
            let forced = (self.forcing as u64).min(count);
            self.forcing -= forced as f64;
            let router = &self.routers[index];
            let now = self.now;
            let mut there = self
                .runtime
                .told
                .iter()
                .filter(|(id, told)| told.ready(now) > 0 && !router.drained.contains(*id));
            if forced > 0
                && let Some((id, _)) = there.next_back()
            {
                let id = id.clone();
                by_weight -= forced;
                self.serve(index, &id, forced, now, false);
            }
        }
        if self.routers[index].weights.is_empty() {
            // An endpoint that has never been ready answers nobody, and says so.
            return;
        }
        for (id, part) in self.routers[index].share(by_weight) {
            self.serve(index, &id, part, self.now, false);
        }
    }

    /// These requests get a replica, or are held.
    pub(super) fn serve(
        &mut self,
        index: usize,
        id: &RevisionId,
        count: u64,
        since: Second,
        excused: bool,
    ) {
        if count == 0 {
            return;
        }
        let now = self.now;
        if self.runtime.told.get(id).is_none_or(|told| told.ready(now) == 0) {
            self.hold(index, id, since, count, excused);
            return;
        }
        self.loads.active(id, now);
        let drain = self.plan.drain;
        let served = self.served.entry(id.clone()).or_default();
        let part = if now < self.plan.calm_at { self.plan.long } else { 0.0 };
        served.long += count as f64 * part / 1000.0;
        let long = (served.long as u64).min(count);
        served.long -= long as f64;
        for _ in 0..long {
            let ends = now + self.rng.i32(1..drain);
            let Some(told) = self.runtime.told.get_mut(id) else { continue };
            let ready = told.replicas.iter_mut().filter(|one| one.is_ready(now));
            if let Some(replica) = ready.min_by_key(|one| one.long.len()) {
                replica.long.push(Long { router: index, begun: now, ends, count: 1 });
                *self.routers[index].load.entry(id.clone()).or_default() += 1.0;
                self.loads.add(id, 1.0, 0.0);
            }
        }
        if count > long {
            let busy = self.answer(index, id, count - long, None);
            let busy = if now >= self.plan.calm_at { 0.0 } else { busy };
            *self.routers[index].load.entry(id.clone()).or_default() += busy;
            if let Some(told) = self.runtime.told.get_mut(id) {
                told.concurrency += busy;
            }
            self.loads.add(id, busy, 0.0);
        }
    }

    /// Long requests go on for a second, or are through.
    pub(super) fn finish_long(&mut self) {
        let now = self.now;
        let mut through = Vec::new();
        for (id, told) in &mut self.runtime.told {
            for replica in &mut told.replicas {
                for one in &replica.long {
                    if one.ends <= now {
                        through.push((one.clone(), id.clone()));
                    } else if one.begun < now {
                        *self.routers[one.router].load.entry(id.clone()).or_default() += 1.0;
                        self.loads.add(id, one.count as f64, 0.0);
                        self.loads.active(id, now);
                    }
                }
                replica.long.retain(|one| one.ends > now);
            }
        }
        for (one, id) in through {
            let took = Duration::from_secs((one.ends - one.begun) as u64);
            self.answer(one.router, &id, one.count, Some(took));
        }
    }

    /// Requests of replicas that are no more.
    pub(super) fn cut(&mut self, ended: Ended) {
        for (id, replica) in ended.failed {
            self.log(|_| format!("a replica of {id} has ended"));
            self.disturb(&id);
            for one in replica.long {
                let counts = self.routers[one.router].counts.entry(id.clone()).or_default();
                counts.requests += one.count;
                counts.errors += one.count;
            }
        }
        for (id, replica) in ended.stopped {
            let count = replica.long.iter().map(|one| one.count).sum();
            if count > 0 {
                self.lost(&id, count, "cut when their replica was stopped");
            }
        }
    }

    /// These requests are answered. Returns how many were under way in this second, on average.
    fn answer(&mut self, index: usize, id: &RevisionId, count: u64, took: Option<Duration>) -> f64 {
        let Some(told) = self.runtime.told.get(id) else { return 0.0 };
        let model = self.plan.model(&told.digest);
        let shows = model.shows(self.routers[index].weights.get(id));
        let served = self.served.entry(id.clone()).or_default();
        let (from, to) = (served.requests, served.requests + count);
        let every = |each: u64| to / each - from / each;
        served.requests = to;
        let (mut errors, mut client_errors) = (every(GOOD_ERRORS), every(CLIENT_ERRORS));
        let mut latency = model.latency;
        match model.trouble {
            Trouble::Errors { every: each } | Trouble::Cut { every: each } if shows => {
                errors = errors.max(every(each));
            }
            Trouble::Refuses { every: each } if shows => {
                client_errors = client_errors.max(every(each));
            }
            Trouble::Slow { times } if shows => latency *= f64::from(times),
            _ => {}
        }
        let good = count - errors;
        let place = served.place;
        served.place += good;
        let counts = self.routers[index].counts.entry(id.clone()).or_default();
        counts.requests += count;
        counts.errors += errors;
        counts.client_errors += client_errors.min(count - errors);
        let mut busy = 0.0;
        let of = LATENCIES.len() as u64;
        for (at, part) in LATENCIES.iter().enumerate() {
            let before = |n: u64| (n + of - 1 - at as u64) / of;
            let many = before(place + good) - before(place);
            if many > 0 {
                let each = took.unwrap_or(Duration::from_secs_f64(latency * part / 1000.0));
                counts.latency.add_many(each, many);
                busy += each.as_secs_f64() * many as f64;
            }
        }
        self.loads.add(id, 0.0, count as f64);
        self.count_evidence(id, count);
        busy
    }
}
