//! Running many schedules, on all cores, and making a failing one small.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cover::Cover;
use super::plan::Plan;
use super::traffic::Shape;
use super::world::World;
use crate::work::serve::guard::{Guard, switch_off};

/// A schedule that breaks an invariant.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) plan: Plan,
    pub(super) rule: &'static str,
    what: String,
    trace: Vec<String>,
}

impl Failure {
    /// What broke, under which plan, the end of the trace, and the seed that replays it.
    pub(super) fn describe(&self) -> String {
        let length = std::env::var("MLCTL_SIM_TRACE").ok().and_then(|n| n.parse().ok());
        let from = self.trace.len().saturating_sub(length.unwrap_or(120));
        format!(
            "{} broken: {}\nMLCTL_SIM_SEED={}: {:?}\n{}",
            self.rule,
            self.what,
            self.plan.seed,
            self.plan,
            self.trace[from..].join("\n"),
        )
    }
}

/// Runs one schedule to its end or to the first broken invariant, whose trace is kept on demand.
pub(super) fn run(plan: &Plan, trace: bool) -> (Option<Failure>, Cover) {
    let mut world = World::new(plan, trace);
    world.run();
    let trace = world.trace.take().unwrap_or_default();
    let plan = || plan.clone();
    let broken = world.broken.take();
    let failure = broken.map(|(rule, what)| Failure { plan: plan(), rule, what, trace });
    (failure, world.cover)
}

/// Takes away whatever the same invariant breaks without, and runs the rest with a trace. `off` is the
/// guard that was switched off when it broke.
pub(super) fn shrink(failure: Failure, off: Option<Guard>) -> Failure {
    let Failure { mut plan, rule, .. } = failure;
    switch_off(off);
    let attempt = |plan: &mut Plan, change: &dyn Fn(&mut Plan)| {
        let mut less = plan.clone();
        change(&mut less);
        let breaks = run(&less, false).0.is_some_and(|failure| failure.rule == rule);
        if breaks {
            *plan = less;
        }
    };
    for _ in 0..2 {
        for place in (0..plan.faults.len()).rev() {
            attempt(&mut plan, &|plan| {
                plan.faults.remove(place);
            });
        }
        for place in (1..plan.acts.len()).rev() {
            attempt(&mut plan, &|plan| {
                plan.acts.remove(place);
            });
        }
        let rate = plan.traffic.rate(20);
        let changes: [&dyn Fn(&mut Plan); 8] = [
            &|plan| plan.skew = 0,
            &|plan| plan.routers = 1,
            &|plan| plan.router_delay = 0,
            &|plan| plan.long = 0.0,
            &|plan| plan.forced = 0.0,
            &|plan| plan.keep_warm = 0,
            &|plan| plan.acts.iter_mut().for_each(|(.., race)| *race = false),
            &|plan| plan.traffic = Shape::Constant(rate),
        ];
        for change in changes {
            attempt(&mut plan, change);
        }
    }
    let (failure, _) = run(&plan, true);
    switch_off(None);
    failure.unwrap_or(Failure { plan, rule, what: "gone".into(), trace: Vec::new() })
}

/// Runs the schedules of these seeds without `off`, until one breaks. Returns how many were run.
pub(super) fn explore(seeds: Range<u64>, off: Option<Guard>) -> (u64, Option<Failure>, Cover) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let stop = AtomicBool::new(false);
    let (seeds, stop) = (&seeds, &stop);
    let results: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    switch_off(off);
                    let mut cover = Cover::default();
                    let mut count = 0;
                    let mut failed = None;
                    for seed in seeds.clone().skip(thread as usize).step_by(threads as usize) {
                        if stop.load(Ordering::Relaxed) {
                            break;
                        }
                        count += 1;
                        let (failure, more) = run(&Plan::new(seed), false);
                        cover.merge(&more);
                        if let Some(failure) = failure {
                            stop.store(true, Ordering::Relaxed);
                            failed = Some(failure);
                            break;
                        }
                    }
                    (count, failed, cover)
                })
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    let mut cover = Cover::default();
    let mut total = 0;
    let mut failed: Option<Failure> = None;
    for (count, failure, more) in results {
        total += count;
        cover.merge(&more);
        failed = failed.or(failure);
    }
    (total, failed, cover)
}
