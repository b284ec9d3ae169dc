use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::event::RunState;
use crate::gang::RunId;
use crate::plan::BatchPlan;
use crate::runtime::Holding;
use crate::store::RunSize;

const CLUSTER: &str = "prod/ml";

fn now() -> Timestamp {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

fn days(n: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * n)
}

fn run(id: &str, runtime: &str, state: RunState, at: Timestamp) -> Found {
    Found {
        id: id.into(),
        name: id.split('-').next().unwrap().into(),
        kind: "TrainJob".into(),
        labels: [("team".to_owned(), "vision".to_owned())].into_iter().collect(),
        runtime: runtime.into(),
        state,
        at,
        in_state: true,
        unsubmitted: false,
        adopted: false,
    }
}

fn thing(run: &str, kind: &str, name: &str, since: Timestamp) -> Holding {
    Holding {
        since: Some(since),
        is_record: name == run && kind == "ConfigMap",
        ..Holding::new(run.into(), kind, name)
    }
}

fn survey() -> Survey {
    let held = vec![
        thing("old-1", "ConfigMap", "old-1", days(30)),
        thing("old-1", "ConfigMap", "old-1-pod", days(30)),
        thing("old-1", "Job", "old-1", days(30)),
        thing("live-1", "Job", "live-1", days(30)),
        thing("lost-1", "Secret", "lost-1", days(2)),
        Holding { going: Some(now()), ..thing("lost-2", "Secret", "lost-2", days(2)) },
        thing("newer-1", "ConfigMap", "newer-1", days(40)),
        thing("newer-1", "Job", "newer-1", days(40)),
        thing("made-1", "Job", "made-1", now() - SignedDuration::from_mins(1)),
    ];
    Survey {
        now: now(),
        clocks: BTreeMap::new(),
        runs: vec![
            run("old-1", CLUSTER, RunState::Failed, days(30)),
            run("live-1", CLUSTER, RunState::Running, days(30)),
            run("model-1", "local", RunState::Succeeded, days(30)),
            run("young-1", "local", RunState::Failed, days(1)),
            run("away-1", "other/ml", RunState::Failed, days(30)),
        ],
        holdings: BTreeMap::from([(CLUSTER.into(), held), ("local".into(), Vec::new())]),
        refused: BTreeMap::from([("other/ml".into(), "ada may not list pods".into())]),
        caches: vec![
            Cache {
                kind: CacheKind::Environment,
                path: "/cache/a".into(),
                bytes: 7,
                used: days(40),
            },
            Cache {
                kind: CacheKind::Environment,
                path: "/cache/b".into(),
                bytes: 9,
                used: days(2),
            },
        ],
    }
}

/// Folders of one size, and models by name.
struct Known(RunSize);

fn known() -> Known {
    Known(RunSize { all: 100, stripped: 40, has_output: false })
}

impl Details for Known {
    fn size(&mut self, run: &RunId) -> RunSize {
        RunSize { has_output: run.starts_with("model"), ..self.0 }
    }

    fn batch(&mut self, _: &RunId) -> Option<BatchPlan> {
        None
    }

    fn look(&mut self, _: &Rule) -> Result<Option<JobFiles>, String> {
        Ok(None)
    }
}

fn proposed(survey: &Survey, filter: &Filter) -> (Vec<String>, Vec<String>) {
    let proposal = propose(survey, filter, &mut known());
    let goes = proposal.removals.iter().map(|removal| match &removal.cache {
        Some(cache) => cache.path.display().to_string(),
        None => removal.run.clone().unwrap().into(),
    });
    (goes.collect(), proposal.kept.into_iter().map(|kept| kept.run.into()).collect())
}

fn aged(n: u64) -> Filter {
    Filter { older_than: Some(Duration::from_hours(24 * n)), ..Filter::default() }
}

#[test]
fn what_ended_goes_and_what_runs_or_is_out_of_reach_stays() {
    let (goes, kept) = proposed(&survey(), &aged(7));
    assert_eq!(goes, ["old-1", "model-1", "/cache/a"]);
    // A record that nobody here can read is no orphan's.
    assert_eq!(kept, ["live-1", "away-1", "newer-1"]);
}

#[test]
fn leftovers_of_no_known_run_go_unless_they_are_being_made_or_removed() {
    let filter = Filter { orphans: true, ..Filter::default() };
    assert_eq!(proposed(&survey(), &filter).0, ["lost-1"]);
    // By a clock that is ahead it is yet to be made.
    let mut ahead = survey();
    for held in ahead.holdings.get_mut(CLUSTER).unwrap() {
        held.since = Some(days(-1));
    }
    assert_eq!(proposed(&ahead, &filter).0, [""; 0]);
    let named = Filter { name: Some("old".into()), ..Filter::default() };
    assert_eq!(proposed(&survey(), &named).0, ["old-1"]);
}

#[test]
fn the_record_goes_last_and_jobs_first() {
    let proposal = propose(&survey(), &aged(7), &mut known());
    let names: Vec<_> = proposal.removals[0].things.iter().map(|t| (&*t.kind, &*t.name)).collect();
    assert_eq!(names, [("Job", "old-1"), ("ConfigMap", "old-1-pod"), ("ConfigMap", "old-1")]);
}

#[test]
fn a_model_stays_unless_it_is_asked_for() {
    let proposal = propose(&survey(), &aged(7), &mut known());
    assert_eq!((proposal.removals[1].folder, proposal.removals[1].bytes), (Folder::Stripped, 40));
    let all = Filter { models: true, ..aged(7) };
    let proposal = propose(&survey(), &all, &mut known());
    assert_eq!((proposal.removals[1].folder, proposal.removals[1].bytes), (Folder::Removed, 100));
    // What has been stripped has nothing more to give.
    let mut stripped = Known(RunSize { all: 60, stripped: 0, has_output: true });
    let named = Filter { runs: vec!["model-1".into()], ..Filter::default() };
    assert_eq!(propose(&survey(), &named, &mut stripped).removals, []);
}

#[test]
fn running_ones_are_ended_when_asked() {
    let filter = Filter { running: true, ..aged(7) };
    let proposal = propose(&survey(), &filter, &mut known());
    let live = proposal.removals.iter().find(|r| r.run.as_deref() == Some("live-1")).unwrap();
    assert!(live.ends);
}

#[test]
fn a_cache_stays_as_long_as_a_run_lives_that_may_use_it() {
    let newer = "/cache/b".to_owned();
    let mut survey = survey();
    assert!(!proposed(&survey, &aged(1)).0.contains(&newer));
    survey.runs.retain(|run| run.state.is_ended());
    assert!(proposed(&survey, &aged(1)).0.contains(&newer));
    assert!(!proposed(&survey, &aged(7)).0.contains(&newer));
}

/// What a colleague submitted from here, or what was applied by hand under another name.
#[test]
fn what_carries_another_name_stays_and_is_remembered() {
    let mut survey = survey();
    for held in survey.holdings.get_mut(CLUSTER).unwrap() {
        held.foreign = matches!(held.run.as_str(), "old-1" | "lost-1" | "newer-1");
    }
    let proposal = propose(&survey, &aged(7), &mut known());
    let gone = |run: &str| proposal.removals.iter().any(|one| one.run.as_deref() == Some(run));
    assert!(!gone("old-1") && !gone("lost-1"), "{proposal:#?}");
    let kept: Vec<&str> = proposal.kept.iter().map(|kept| kept.run.as_str()).collect();
    assert!(kept.contains(&"old-1") && !kept.contains(&"newer-1"), "{proposal:#?}");
    let all = Filter { all_users: true, ..aged(7) };
    let proposal = propose(&survey, &all, &mut known());
    assert!(proposal.removals.iter().any(|one| one.run.as_deref() == Some("old-1")));
}

#[test]
fn what_was_never_submitted_goes_although_its_runtime_can_not_be_asked() {
    let mut survey = survey();
    let ghost = run("ghost-1", "other/ml", RunState::CouldNotStart, now());
    survey.runs.push(Found { unsubmitted: true, ..ghost });
    let runs = vec!["ghost-1".into(), "away-1".into()];
    let proposal = propose(&survey, &Filter { runs, ..Filter::default() }, &mut known());
    let goes: Vec<_> = proposal.removals.iter().map(|r| (r.run.as_deref(), r.folder)).collect();
    assert_eq!(goes, [(Some("ghost-1"), Folder::Removed)]);
    let why = "other/ml could not be asked what it still holds: ada may not list pods";
    assert_eq!(proposal.kept, [Kept { run: "away-1".into(), why: why.into() }]);
}

#[test]
fn by_itself_only_what_was_submitted_from_here_goes() {
    let mut survey = survey();
    survey.runs[0].adopted = true;
    let filter = Filter { only_own: Some("local".into()), ..aged(7) };
    let (goes, kept) = proposed(&survey, &filter);
    assert_eq!(goes, ["model-1", "/cache/a"]);
    assert_eq!(kept, ["live-1", "away-1"]);
}

#[test]
fn what_somebody_else_labels_with_a_run_is_neither_its_end_nor_its_keeper() {
    let mut survey = survey();
    let planted = Holding { foreign: true, ..thing("old-1", "ConfigMap", "bait", days(1)) };
    survey.holdings.get_mut(CLUSTER).unwrap().push(planted);
    let proposal = propose(&survey, &aged(7), &mut known());
    let old = proposal.removals.iter().find(|one| one.run.as_deref() == Some("old-1")).unwrap();
    let names: Vec<_> = old.things.iter().map(|thing| thing.name.as_str()).collect();
    assert!(names.contains(&"old-1") && !names.contains(&"bait"), "{names:?}");
}
