//! What is drawn from a schedule's seed.

use super::plan::{Act, Fault, Model, Plan, Revision, Second, Spec, Trouble, seconds};
use super::traffic::Shape;
use crate::work::serve::rollout::{LatencyLimits, OnFailure, RolloutRules, Transition};
use crate::work::serve::scale::{ScaleRules, Target};

/// What a schedule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    /// Rollouts, good and bad, under little else.
    Rollout,
    /// People who do anything at any time.
    People,
    /// Load that goes up and down.
    Scale,
    /// More replicas than are ever allowed at once.
    Flood,
}

/// One of `values`, each as likely as the others.
fn pick<T: Copy>(rng: &mut fastrand::Rng, values: &[T]) -> T {
    values[rng.usize(..values.len())]
}

fn trouble(rng: &mut fastrand::Rng) -> Trouble {
    match rng.u8(..9) {
        0 | 1 => Trouble::Errors { every: rng.u64(1..4) },
        2 => Trouble::Cut { every: rng.u64(1..4) },
        3 => Trouble::Refuses { every: rng.u64(1..4) },
        4 | 5 => Trouble::Slow { times: rng.u32(6..20) },
        6 => Trouble::NeverReady,
        7 => Trouble::EndsAtStart,
        _ => Trouble::Dies { after: rng.i32(1..40) },
    }
}

fn rollout(rng: &mut fastrand::Rng, latency: f64) -> RolloutRules {
    const STEPS: &[&[u8]] =
        &[&[10], &[5, 25, 50], &[20, 60, 100], &[1, 50], &[30], &[50, 100], &[10, 20, 40, 80], &[]];
    let limit = |times: f64, has: bool| {
        has.then(|| std::time::Duration::from_micros((latency * times * 1000.0) as u64))
    };
    let has_limits = rng.bool();
    let interval = pick(rng, &[0, 3, 8, 15]);
    RolloutRules {
        steps: pick(rng, STEPS).to_vec(),
        interval: seconds(interval),
        min_requests: pick(rng, &[1, 20, 50, 50, 200]),
        max_error_rate: rng.bool().then(|| pick(rng, &[0.04, 0.1])),
        max_latency: LatencyLimits {
            p50: limit(3.0, has_limits && rng.bool()),
            p95: limit(4.0, has_limits),
            p99: limit(5.0, has_limits && rng.bool()),
        },
        compare_to_stable: rng.bool(),
        on_failure: if rng.u8(..5) == 0 { OnFailure::Pause } else { OnFailure::Rollback },
        max_wait: seconds(interval + pick(rng, &[15, 30, 45])),
    }
}

fn bounds(rng: &mut fastrand::Rng) -> (u32, u32) {
    let min = pick(rng, &[0, 0, 1, 1, 2, 3]);
    (min, pick(rng, &[1, 2, 4, 8, 12]).max(min))
}

fn shape(rng: &mut fastrand::Rng, unit: f64, span: Second) -> Shape {
    let mut level = || unit * pick(rng, &[0.02, 0.3, 0.8, 1.5, 3.0, 6.0]);
    let (one, two) = (level(), level());
    match rng.u8(..9) {
        0..=2 => Shape::Constant(one),
        3 => Shape::Step { at: rng.i32(20..span), from: one, to: two },
        4 => {
            let begin = rng.i32(0..span - 20);
            Shape::Ramp { begin, end: begin + rng.i32(10..100), from: one, to: two }
        }
        5 => Shape::Sine { mean: one, swing: two, period: rng.i32(20..120) },
        6 => {
            let every = rng.i32(20..90);
            let length = rng.i32(1..every.min(12));
            let bursts = Shape::Bursts { every, length, height: two.max(one) * 3.0 };
            Shape::Sum(vec![bursts, Shape::Constant(if rng.bool() { one } else { 0.0 })])
        }
        7 => {
            let begin = rng.i32(0..span - 20);
            let end = begin + rng.i32(20..150);
            Shape::Silence { begin, end, otherwise: Box::new(Shape::Constant(one)) }
        }
        _ => Shape::Sum(vec![
            Shape::Sine { mean: one, swing: one, period: rng.i32(20..120) },
            Shape::Step { at: rng.i32(20..span), from: 0.0, to: two },
        ]),
    }
}

fn fault(rng: &mut fastrand::Rng) -> Fault {
    let which = rng.u64(..);
    match rng.u8(..14) {
        0..=4 => Fault::KillController {
            after: rng.u32(..6),
            away: pick(rng, &[0, 1, 3, 8]),
            late: rng.u8(..3) == 0,
        },
        5 | 6 => Fault::KillReplica(which),
        7 => Fault::KillRevision(which),
        8 | 9 => Fault::KillRouter { which, away: rng.i32(0..4), renamed: rng.bool() },
        10 | 11 => Fault::SlowRouter { which, delay: rng.i32(0..12) },
        12 => Fault::Unread { which, length: rng.i32(1..8) },
        _ => Fault::Refuses { length: rng.i32(1..10) },
    }
}

/// What people may apply, and act by.
struct People<'a> {
    rng: &'a mut fastrand::Rng,
    models: Vec<Model>,
    first: Spec,
    latency: f64,
}

impl People<'_> {
    fn model(&mut self, is_good: bool) -> usize {
        let rng = &mut *self.rng;
        let trouble = if is_good { Trouble::Nothing } else { trouble(rng) };
        self.models.push(Model {
            start: rng.i32(1..9),
            warm: rng.i32(0..5),
            latency: self.latency,
            trouble,
            shows_at: pick(rng, &[0, 0, 0, 15, 45]),
        });
        self.models.len() - 1
    }

    /// A spec with another revision, or another one in the place of one.
    fn spec(&mut self, theme: Theme, is_good: bool) -> Spec {
        let model = self.model(is_good);
        let (min, max) = bounds(self.rng);
        let max = if theme == Theme::Rollout { max.max(8) } else { max };
        let mut revisions = self.first.revisions.clone();
        let in_place = self.rng.u8(..4) == 0;
        let name = if in_place { "v1".to_owned() } else { format!("v{}", self.rng.u8(2..5)) };
        let traffic = if in_place { 100 } else { pick(self.rng, &[100, 100, 100, 50, 20]) };
        revisions[0].traffic = 100 - traffic;
        if in_place {
            revisions.clear();
        }
        revisions.push(Revision { name, model, traffic, min, max });
        if self.rng.u8(..4) == 0 {
            revisions.retain(|one| one.traffic > 0);
        }
        let has_rollout = self.rng.u8(..5) != 0 || theme == Theme::Rollout;
        let rollout = has_rollout.then(|| rollout(self.rng, self.latency));
        Spec { revisions, rollout }
    }

    fn act(&mut self) -> Act {
        match self.rng.u8(..16) {
            0..=3 => {
                let is_good = self.rng.bool();
                Act::Apply(self.spec(Theme::People, is_good))
            }
            4 => Act::Apply(self.first.clone()),
            5 => Act::Traffic(self.rng.u64(..)),
            6 => Act::Rollback(None),
            7 => Act::Rollback(Some(self.rng.u64(..))),
            8 | 9 => {
                let (min, max) = bounds(self.rng);
                Act::Bounds { which: self.rng.u64(..), min, max }
            }
            10 | 11 => Act::Pause,
            12 | 13 => Act::Resume,
            14 => Act::Promote,
            _ => Act::Abort,
        }
    }
}

impl Plan {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let rng = &mut rng;
        // By the seed itself, so that a short run has all of them.
        let theme = match seed % 16 {
            0..=5 => Theme::Rollout,
            6..=10 => Theme::People,
            15 if seed % 64 == 15 => Theme::Flood,
            _ => Theme::Scale,
        };
        let latency = pick(rng, &[40.0, 100.0, 300.0]);
        let each = if theme == Theme::Flood { 0.1 } else { pick(rng, &[1.0, 2.0, 4.0]) };
        let per_second = each * 1000.0 / latency;
        let target = if rng.u8(..4) == 0 && theme != Theme::Flood {
            Target::RequestsPerSecond(per_second)
        } else {
            Target::Concurrency(each)
        };
        // Requests in a second that one replica bears.
        let unit = per_second * 0.7;
        let span = if theme == Theme::Rollout { 120 } else { pick(rng, &[120, 200]) };
        let (min, max) = bounds(rng);
        let max = if theme == Theme::Flood {
            5000
        } else if theme == Theme::Rollout {
            max.max(8)
        } else {
            max
        };
        let first = Spec {
            revisions: vec![Revision { name: "v1".into(), model: 0, traffic: 100, min, max }],
            rollout: rng.bool().then(|| rollout(rng, latency)),
        };
        let models = Vec::new();
        let mut people = People { rng, models, first: first.clone(), latency };
        people.model(true);
        let mut acts = vec![(0, Act::Apply(first), false)];
        match theme {
            Theme::Rollout => {
                let is_good = people.rng.bool();
                let spec = people.spec(theme, is_good);
                acts.push((people.rng.i32(10..40), Act::Apply(spec), false));
                if people.rng.u8(..4) == 0 {
                    acts.push((people.rng.i32(60..span), Act::Rollback(None), false));
                }
            }
            Theme::People => {
                for _ in 0..people.rng.usize(1..8) {
                    let race = people.rng.u8(..3) == 0;
                    let act = people.act();
                    acts.push((people.rng.i32(5..span), act, race));
                }
            }
            Theme::Scale | Theme::Flood => {
                for _ in 0..pick(people.rng, &[0, 0, 1, 2]) {
                    let (min, max) = bounds(people.rng);
                    let which = people.rng.u64(..);
                    let max = if theme == Theme::Flood { 4000 } else { max };
                    acts.push((people.rng.i32(5..span), Act::Bounds { which, min, max }, false));
                }
            }
        }
        acts.sort_by_key(|(at, ..)| *at);
        let models = people.models;
        let count = pick(rng, &[0, 0, 1, 2, 3, 5]);
        let mut faults: Vec<_> = (0..count).map(|_| (rng.i32(5..span), fault(rng))).collect();
        faults.sort_by_key(|(at, _)| *at);
        let traffic = if theme == Theme::Rollout && rng.u8(..4) != 0 {
            Shape::Constant(unit * pick(rng, &[0.5, 2.0, 5.0]))
        } else if theme == Theme::Flood {
            Shape::Bursts { every: 60, length: 12, height: unit * f64::from(rng.u32(500..3000)) }
        } else {
            shape(rng, unit, span)
        };
        let is_swap = theme != Theme::Flood && rng.u8(..4) == 0;
        let window = pick(rng, &[10, 20, 30]);
        let calm = unit * pick(rng, &[0.0, 0.0, 0.5, 1.3, 2.7]);
        Self {
            seed,
            laptop: rng.bool(),
            models,
            scaling: ScaleRules {
                target,
                window: seconds(window),
                scale_to_zero_after: seconds(pick(rng, &[0, 5, 15])),
            },
            transition: if is_swap { Transition::MinimalRam } else { Transition::Availability },
            keep_warm: pick(rng, &[0, 0, 20, 60]),
            drain: pick(rng, &[6, 12]),
            start_timeout: pick(rng, &[25, 40]),
            skew: pick(rng, &[0, 0, -3, 3]),
            routers: pick(rng, &[1, 2, 3]),
            router_delay: pick(rng, &[0, 1, 3, 6]),
            room: 30,
            traffic,
            long: pick(rng, &[0.0, 2.0, 20.0]),
            forced: pick(rng, &[0.0, 0.0, 20.0]),
            acts,
            faults,
            calm_at: span + 5,
            calm: if theme == Theme::Flood { 0.0 } else { calm },
        }
    }
}
