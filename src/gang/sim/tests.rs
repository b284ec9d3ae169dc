//! The default run, and the proof that it would notice.

use super::cover::WANTED;
use super::explore::{explore, run, shrink};
use super::plan::Plan;
use crate::gang::rules::Rule;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Rules whose absence the simulation notices.
const FOUND: &[Rule] = &[
    Rule::LeaseKills,
    Rule::LeaseShrinks,
    Rule::LeaseFromSending,
    Rule::QuietAfterLoss,
    Rule::ProofOfEnd,
    Rule::Adopt,
    Rule::AdoptVerdict,
    Rule::WaitForStopped,
    Rule::RefuseDuplicates,
    Rule::RefuseForeign,
    Rule::HoldPeerLoss,
    Rule::SpareKilled,
    Rule::StartNeedsAll,
    Rule::AckBeforeCommit,
    Rule::CommitInQuiet,
    Rule::HurryAfterStarts,
    Rule::HandOver,
    Rule::OutsideIsNoSuccess,
    Rule::CurrentExitsOnly,
    Rule::GraceEnds,
    Rule::OrphansLeave,
    Rule::GatheringEnds,
    Rule::CarriedElapsed,
    Rule::BudgetsEnd,
    Rule::UncleanIsReplaced,
];

/// Rules whose absence it has not noticed in 100,000 schedules: each is a second line of defence.
/// `QuietAfterAdoption`: a primary of generation 1 or more waits as long from its birth anyway.
/// `JudgeOnlyGathered`: its premature "could not start" has the lowest epoch, so readers pass it
/// over. `FirstVerdictStays`: a new primary adopts a verdict before it could reach another.
const UNNOTICED: &[Rule] =
    &[Rule::QuietAfterAdoption, Rule::JudgeOnlyGathered, Rule::FirstVerdictStays];

#[test]
fn every_mutation_is_found() {
    let schedules = number("MLCTL_SIM_MUTATED").unwrap_or(20_000);
    let mut missed = Vec::new();
    let only = std::env::var("MLCTL_SIM_RULE").ok();
    for rule in FOUND.iter().chain(only.iter().flat_map(|_| UNNOTICED)) {
        if only.as_ref().is_some_and(|only| *only != format!("{rule:?}")) {
            continue;
        }
        let first = number("MLCTL_SIM_FIRST").unwrap_or(0);
        let (count, failure, _) = explore(first..first + schedules, Some(*rule));
        match failure {
            Some(failure) => {
                println!("{rule:?}: {} after {count} schedules", failure.rule);
                if number("MLCTL_SIM_TRACE").is_some() {
                    println!("{}", shrink(failure, Some(*rule)).describe());
                }
            }
            None => missed.push(rule),
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
    let schedules = number("MLCTL_SIM_SCHEDULES").unwrap_or(10_000);
    let first = number("MLCTL_SIM_FIRST").unwrap_or(0);
    let started = std::time::Instant::now();
    let (count, failure, cover) = explore(first..first + schedules, None);
    println!("{count} schedules in {:.1?}: {:#?}", started.elapsed(), cover.0);
    if let Some(failure) = failure {
        panic!("{}", shrink(failure, None).describe());
    }
    if schedules >= 10_000 {
        let never: Vec<_> = WANTED.iter().filter(|what| !cover.0.contains_key(*what)).collect();
        assert!(never.is_empty(), "never happened: {never:?}");
    }
}
