//! The default run, and the proof that it would notice.

use super::cover::WANTED;
use super::explore::{explore, run, shrink};
use super::plan::Plan;
use crate::work::serve::guard::Guard;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn every_mutation_is_found() {
    let schedules = number("MLCTL_SIM_MUTATED").unwrap_or(3000);
    let only = std::env::var("MLCTL_SIM_RULE").ok();
    let first = number("MLCTL_SIM_FIRST").unwrap_or(0);
    let mut missed = Vec::new();
    for guard in Guard::ALL {
        if only.as_ref().is_some_and(|only| *only != format!("{guard:?}")) {
            continue;
        }
        let started = std::time::Instant::now();
        let (count, failure, _) = explore(first..first + schedules, Some(*guard));
        match failure {
            Some(failure) => {
                let (rule, took) = (failure.rule, started.elapsed());
                println!("{guard:?}: \"{rule}\" broken after {count} schedules, {took:.1?}");
                if number("MLCTL_SIM_TRACE").is_some() {
                    println!("{}", shrink(failure, Some(*guard)).describe());
                }
            }
            None => missed.push(guard),
        }
    }
    assert!(missed.is_empty(), "not found: {missed:?}");
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
    // Without optimisation each takes ten times as long.
    let usual = if cfg!(debug_assertions) { 300 } else { 3000 };
    let schedules = number("MLCTL_SIM_SCHEDULES").unwrap_or(usual);
    let first = number("MLCTL_SIM_FIRST").unwrap_or(0);
    let started = std::time::Instant::now();
    let (count, failure, cover) = explore(first..first + schedules, None);
    println!("{count} schedules in {:.1?}: {:#?}", started.elapsed(), cover.0);
    if let Some(failure) = failure {
        panic!("{}", shrink(failure, None).describe());
    }
    if schedules >= 3000 {
        let never: Vec<_> = WANTED.iter().filter(|what| !cover.0.contains_key(*what)).collect();
        assert!(never.is_empty(), "never happened: {never:?}");
    }
}
