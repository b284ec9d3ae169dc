//! Running many schedules, on all cores, and making a failing one small.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cover::Cover;
use super::plan::{Ms, Plan, SECOND};
use super::world::World;
use crate::gang::rules::{Rule, switch_off};

/// By then every schedule must have come to its end.
const HORIZON: Ms = 3 * 3600 * SECOND;

/// A schedule that breaks an invariant.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) plan: Plan,
    pub(super) rule: &'static str,
    pub(super) what: String,
    pub(super) trace: Vec<String>,
}

impl Failure {
    /// What broke, under which plan, the end of the trace, and the seed that replays it.
    pub(super) fn describe(&self) -> String {
        let Plan { seed, laptop, starts, failing, coupled, .. } = &self.plan;
        let from = self.trace.len().saturating_sub(trace_length());
        let config = &self.plan.config;
        format!(
            "{} broken: {}\nMLCTL_SIM_SEED={seed}: laptop {laptop}, {} members, {:?}, starts {starts:?}, \
             failing {failing} %, coupled {coupled}, timeout {:?}, budgets {:?}\nfaults: {:#?}\n{}",
            self.rule,
            self.what,
            self.plan.n(),
            config.completion,
            config.timeout,
            config.budgets.0,
            self.plan.faults,
            self.trace[from..].join("\n"),
        )
    }
}

fn trace_length() -> usize {
    std::env::var("MLCTL_SIM_TRACE").ok().and_then(|n| n.parse().ok()).unwrap_or(120)
}

/// Runs one schedule to its end or to the first broken invariant, whose trace is kept on demand.
pub(super) fn run(plan: &Plan, trace: bool) -> (Option<Failure>, Cover) {
    let mut world = World::new(plan, trace);
    world.run(HORIZON);
    let trace = world.trace.take().unwrap_or_default();
    let failure = world.facts.broken.take().map(|(rule, what)| Failure {
        plan: plan.clone(),
        rule,
        what,
        trace,
    });
    (failure, world.cover)
}

/// Takes away whatever the same invariant breaks without, and runs the rest with a trace. `off` is
/// the rule that was switched off when it broke.
pub(super) fn shrink(failure: Failure, off: Option<Rule>) -> Failure {
    let Failure { mut plan, rule, .. } = failure;
    switch_off(off);
    let breaks = |plan: &Plan| run(plan, false).0.is_some_and(|failure| failure.rule == rule);
    loop {
        let mut smaller = false;
        for i in (0..plan.faults.len()).rev() {
            let mut less = plan.clone();
            less.faults.remove(i);
            if breaks(&less) {
                plan = less;
                smaller = true;
            }
        }
        for change in [
            (|p: &mut Plan| p.failing = 0) as fn(&mut Plan),
            |p| p.coupled = false,
            |p| p.repeats = false,
            |p| p.starts.fill(0),
        ] {
            let mut less = plan.clone();
            change(&mut less);
            if format!("{less:?}") != format!("{plan:?}") && breaks(&less) {
                plan = less;
                smaller = true;
            }
        }
        if !smaller {
            break;
        }
    }
    let (failure, _) = run(&plan, true);
    switch_off(None);
    failure.unwrap_or(Failure { plan, rule, what: "gone".into(), trace: Vec::new() })
}

/// Runs the schedules of these seeds without `off`, until one breaks. Returns how many were run.
pub(super) fn explore(seeds: Range<u64>, off: Option<Rule>) -> (u64, Option<Failure>, Cover) {
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
                        let plan = Plan::new(seed);
                        let (failure, more) = run(&plan, false);
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
