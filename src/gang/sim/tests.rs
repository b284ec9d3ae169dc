//! The default run, and the proof that it would notice.

use super::cover::WANTED;
use super::explore::{explore, run};
use super::plan::Plan;
use crate::gang::rules::Rule;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn invariants_hold() {
    if let Some(seed) = number("MLCTL_SIM_SEED") {
        let (failure, _) = run(&Plan::new(seed), true);
        if let Some(failure) = failure {
            panic!("{}", failure.describe());
        }
        return;
    }
    let schedules = number("MLCTL_SIM_SCHEDULES").unwrap_or(10_000);
    let first = number("MLCTL_SIM_FIRST").unwrap_or(0);
    let started = std::time::Instant::now();
    let (count, failure, cover) = explore(first..first + schedules, None);
    println!("{count} schedules in {:.1?}: {:#?}", started.elapsed(), cover.0);
    if let Some(failure) = failure {
        panic!("{}", failure.describe());
    }
    if schedules >= 10_000 {
        let never: Vec<_> = WANTED.iter().filter(|what| !cover.0.contains_key(*what)).collect();
        assert!(never.is_empty(), "never happened: {never:?}");
    }
}
