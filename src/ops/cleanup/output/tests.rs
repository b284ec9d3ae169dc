//! Real folders as outputs, with the documents of jobs in them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{JobFiles, Outputs, Rule};
use crate::event::RunState;
use crate::gang::RunId;
use crate::ops::cleanup::{
    Details, Failure, Filter, Folder, Found, Proposal, Survey, carry_out, propose,
};
use crate::plan::BatchPlan;
use crate::storage::{BucketSettings, StorageConfig, Stores};
use crate::store::{RunSize, Store};

const JOB: &str = "f00d";

/// An output, the state folder of the runs that filled it, and the threads that ask.
struct Place {
    dir: TempDir,
    threads: Runtime,
    runs: Vec<(Found, BatchPlan)>,
}

impl Place {
    fn new() -> Self {
        let threads = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { dir: tempfile::tempdir().unwrap(), threads, runs: Vec::new() }
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.out().join(name);
        fs_err::create_dir_all(path.parent().unwrap()).unwrap();
        fs_err::write(path, text).unwrap();
    }

    /// A job of three shards: the first is published, the second only committed, the third half done.
    fn job(&self) {
        let shard = |begin: u64| json!({"input": 0, "begin": begin, "end": begin + 10});
        let document = json!({
            "schemaVersion": 1, "id": JOB, "model": "/model", "asked": {}, "format": "jsonl",
            "outputFormat": "jsonl", "instances": {},
            "inputs": [{"place": "/in.jsonl", "size": 30}],
            "shards": [shard(0), shard(10), shard(20)],
        });
        self.write("_mlctl/job.json", &document.to_string());
        for shard in 0..2 {
            let part = |what: &str| json!({"name": format!("0000{shard}.0.w1.{what}"), "size": 2, "crc32c": 0});
            let marker = json!({
                "schemaVersion": 1, "job": JOB, "shard": shard, "generation": 0, "writer": "w1",
                "inputEtag": null, "succeeded": 1, "failed": 0, "results": part("results"),
                "errors": part("errors"), "latency": [], "seconds": 1.0,
            });
            self.write(&format!("_mlctl/shards/0000{shard}.0.json"), &marker.to_string());
        }
        for name in ["00001.0.w1.results", "00001.0.w1.errors", "00001.0.w2.results"] {
            self.write(&format!("_mlctl/parts/{name}"), "x\n");
        }
        self.write("_mlctl/parts/00002.0.w1.results#1", "x");
        self.write("prediction.results-00000-of-00003", "x\n");
        self.write("prediction.errors_stats-00000-of-00003", "");
    }

    /// What others have put beside it.
    fn foreign(&self) -> Vec<String> {
        let names = [
            "notes.txt",
            "prediction.results-00000-of-00004",
            "sub/prediction.results-00000-of-00003",
            "_mlctl/parts/notes.txt",
            "_mlctl/parts/notes.txt#1",
            "_mlctl/shards/readme",
            "_mlctl/other.json",
        ];
        for name in names {
            self.write(name, "theirs");
        }
        names.map(str::to_owned).to_vec()
    }

    fn run(&mut self, id: &str, state: RunState, job: &str) {
        let out = self.out().display().to_string();
        self.run_at(id, state, job, &out);
    }

    fn run_at(&mut self, id: &str, state: RunState, job: &str, output: &str) {
        let found = Found {
            id: id.into(),
            name: "digits".into(),
            kind: "BatchPredictJob".into(),
            labels: indexmap::IndexMap::new(),
            runtime: "local".into(),
            state,
            at: now() - SignedDuration::from_hours(100),
            in_state: true,
            adopted: false,
            unsubmitted: false,
        };
        let plan = json!({
            "output": output, "job": job, "maxBatchSize": 64, "maxBatchBytes": 1000,
            "maxLineBytes": 1000, "requestTimeout": {"secs": 1, "nanos": 0},
            "server": {
                "protocol": "tensorflowRest", "modelName": "m", "restarts": 0,
                "startTimeout": {"secs": 1, "nanos": 0},
            },
        });
        self.runs.push((found, serde_json::from_value(plan).unwrap()));
    }

    fn outputs(&self) -> Outputs {
        Outputs::new(Stores::new(StorageConfig::default()), self.threads.handle().clone())
    }

    fn survey(&self) -> Survey {
        Survey {
            now: now(),
            clocks: BTreeMap::new(),
            runs: self.runs.iter().map(|(run, _)| run.clone()).collect(),
            holdings: BTreeMap::from([("local".into(), Vec::new())]),
            refused: BTreeMap::new(),
            caches: Vec::new(),
        }
    }

    fn propose(&self, filter: &Filter) -> Proposal {
        propose(&self.survey(), filter, &mut Asked(self))
    }

    fn carry_out(&self, proposal: &Proposal) -> Vec<Failure> {
        let store = Store::open(self.dir.path().join("state")).unwrap();
        for (run, _) in &self.runs {
            let paths = store.paths(&run.id);
            fs_err::create_dir_all(&paths.dir).unwrap();
            fs_err::write(paths.lock(), "").unwrap();
        }
        let mut unstore = |stored: &super::Stored, alive| self.outputs().remove(stored, alive);
        carry_out(proposal, &store, &|_| None, &mut unstore, &mut |_| {})
    }

    /// Proposes, carries out, and checks that what was shown is gone and nothing else.
    fn clean(&self, filter: &Filter) -> Vec<String> {
        let before = self.files();
        let proposal = self.propose(filter);
        let base = format!("{}/", self.out().display());
        let mut shown: Vec<String> = proposal
            .removals
            .iter()
            .flat_map(|removal| removal.stored.iter().flat_map(|stored| &stored.objects))
            .map(|object| object.place.as_str().strip_prefix(&base).unwrap().to_owned())
            .collect();
        assert_eq!(self.files(), before, "looking removed nothing");
        assert_eq!(self.carry_out(&proposal), []);
        let after = self.files();
        let mut gone: Vec<String> =
            before.into_iter().filter(|name| !after.contains(name)).collect();
        gone.sort();
        shown.sort();
        assert_eq!(gone, shown);
        gone
    }

    fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.out()];
        while let Some(folder) = folders.pop() {
            for entry in fs_err::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(self.out()).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

struct Asked<'a>(&'a Place);

impl Details for Asked<'_> {
    fn size(&mut self, _: &RunId) -> RunSize {
        RunSize { all: 100, stripped: 40, has_output: true }
    }

    fn batch(&mut self, run: &RunId) -> Option<BatchPlan> {
        self.0.runs.iter().find(|(found, _)| found.id == *run).map(|(_, plan)| plan.clone())
    }

    fn look(&mut self, rule: &Rule) -> Result<Option<JobFiles>, String> {
        self.0.outputs().look(rule)
    }
}

fn now() -> Timestamp {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

fn only(run: &str) -> Filter {
    Filter { runs: vec![run.into()], named: vec![run.into()], ..Filter::default() }
}

const MARKERS: [&str; 2] = ["_mlctl/shards/00000.0.json", "_mlctl/shards/00001.0.json"];
const HALVES: [&str; 2] = ["_mlctl/parts/00001.0.w2.results", "_mlctl/parts/00002.0.w1.results#1"];
const COMMITTED: [&str; 2] = ["_mlctl/parts/00001.0.w1.errors", "_mlctl/parts/00001.0.w1.results"];
const RESULTS: [&str; 2] =
    ["prediction.errors_stats-00000-of-00003", "prediction.results-00000-of-00003"];

fn all_of(lists: &[&[&str]]) -> Vec<String> {
    let mut all: Vec<String> = lists.concat().into_iter().map(str::to_owned).collect();
    all.sort();
    all
}

#[test]
fn an_abandoned_job_loses_its_parts_and_markers_and_keeps_its_results() {
    let mut place = Place::new();
    place.job();
    place.run("digits-aaaaaa", RunState::Failed, JOB);
    let foreign = place.foreign();
    let gone = place.clean(&Filter::default());
    assert_eq!(gone, all_of(&[&MARKERS, &HALVES, &COMMITTED]));
    // The results' document stays with them, so that no other job writes among them.
    let mut left = all_of(&[&RESULTS, &["_mlctl/job.json"]]);
    left.extend(foreign);
    left.sort();
    assert_eq!(place.files(), left);
}

#[test]
fn a_job_that_committed_nothing_leaves_nothing() {
    let mut place = Place::new();
    place.job();
    place.run("digits-aaaaaa", RunState::Cancelled, JOB);
    fs_err::remove_dir_all(place.out().join("_mlctl/shards")).unwrap();
    for name in RESULTS {
        fs_err::remove_file(place.out().join(name)).unwrap();
    }
    let gone = place.clean(&Filter::default());
    assert_eq!(gone, all_of(&[&HALVES, &COMMITTED, &["_mlctl/job.json"]]));
    assert!(!place.out().join("_mlctl").exists(), "empty folders go with what was in them");
}

#[test]
fn an_interrupted_removal_leaves_the_document_with_the_results() {
    let mut place = Place::new();
    place.job();
    place.run("digits-aaaaaa", RunState::Failed, JOB);
    for name in MARKERS {
        fs_err::remove_file(place.out().join(name)).unwrap();
    }
    let gone = place.clean(&Filter::default());
    assert_eq!(gone, all_of(&[&HALVES, &COMMITTED]));
}

#[test]
fn results_of_a_finished_job_go_only_when_they_are_asked_for() {
    let mut place = Place::new();
    place.job();
    place.write("_mlctl/summary.json", "{}");
    place.run("digits-aaaaaa", RunState::Succeeded, JOB);
    let proposal = place.propose(&Filter::default());
    assert_eq!(proposal.removals[0].folder, Folder::Stripped);
    assert_eq!(proposal.removals[0].why, "logs go, results stay");
    // A part that a marker names may not be published yet: a retry writes after the summary.
    assert_eq!(place.clean(&Filter::default()), all_of(&[&HALVES]));
    let all = Filter { outputs: true, ..Filter::default() };
    let proposal = place.propose(&all);
    assert_eq!(proposal.removals[0].folder, Folder::Removed);
    let names: Vec<_> = proposal.removals[0].stored.as_ref().unwrap().objects.iter().collect();
    assert!(names[0].place.as_str().ends_with("summary.json"), "{names:?}");
    assert!(names.last().unwrap().place.as_str().ends_with("job.json"), "{names:?}");
    let documents: &[&str] = &["_mlctl/summary.json", "_mlctl/job.json"];
    assert_eq!(place.clean(&all), all_of(&[documents, &MARKERS, &COMMITTED, &RESULTS]));
    assert_eq!(place.files(), Vec::<String>::new());
}

/// It is put there again by whoever submits the job again.
#[test]
fn the_code_of_a_job_goes_once_no_run_starts_it_any_more() {
    let code = format!("_mlctl/code/{}.tar.gz", "0a".repeat(32));
    for (summary, state, goes) in [
        (false, RunState::Failed, true),
        (true, RunState::Succeeded, true),
        (true, RunState::Failed, true),
        // Shards are left, and this run has not failed.
        (false, RunState::Succeeded, false),
    ] {
        let mut place = Place::new();
        place.job();
        place.write(&code, "packed");
        place.write("_mlctl/code/notes.tar.gz", "theirs");
        if summary {
            place.write("_mlctl/summary.json", "{}");
        }
        place.run("digits-aaaaaa", state, JOB);
        let gone = place.clean(&Filter::default());
        assert_eq!(gone.contains(&code), goes, "{summary} {state:?}: {gone:?}");
        assert!(place.files().contains(&"_mlctl/code/notes.tar.gz".to_owned()));
    }
}

/// A failed run of a job that another one has finished since.
#[test]
fn a_finished_job_is_not_abandoned_by_a_run_that_failed() {
    let mut place = Place::new();
    place.job();
    place.write("_mlctl/summary.json", "{}");
    place.run("digits-aaaaaa", RunState::Failed, JOB);
    assert_eq!(place.clean(&Filter::default()), all_of(&[&HALVES]));
}

#[test]
fn what_another_run_or_another_job_has_is_not_touched() {
    let mut place = Place::new();
    place.job();
    place.run("digits-aaaaaa", RunState::Failed, JOB);
    place.run("digits-bbbbbb", RunState::Running, JOB);
    let all = Filter { outputs: true, ..only("digits-aaaaaa") };
    let proposal = place.propose(&all);
    assert_eq!(proposal.removals[0].stored, None);
    assert_eq!(proposal.removals[0].why, "ended; its output stays with digits-bbbbbb");
    place.runs[1].0.state = RunState::Failed;
    assert_eq!(place.clean(&all), Vec::<String>::new());
    // Both go: it goes once.
    let both = place.propose(&Filter::default());
    let stored = both.removals.iter().filter(|removal| removal.stored.is_some());
    assert_eq!((both.removals.len(), stored.count()), (2, 1));

    let mut other = Place::new();
    other.job();
    other.run("digits-aaaaaa", RunState::Failed, "beef");
    assert_eq!(other.clean(&Filter { outputs: true, ..Filter::default() }), Vec::<String>::new());
    other.write("_mlctl/job.json", "not a job");
    other.runs[0].1.job = JOB.into();
    assert_eq!(other.clean(&Filter::default()), Vec::<String>::new());
}

#[test]
fn who_begins_to_work_after_it_was_shown_loses_nothing() {
    let mut place = Place::new();
    place.job();
    place.run("digits-aaaaaa", RunState::Failed, JOB);
    let proposal = place.propose(&Filter::default());
    place.write("_mlctl/parts/00002.0.w3.results", "x");
    let before = place.files();
    let failures = place.carry_out(&proposal);
    assert_eq!(failures.len(), 1, "{failures:?}");
    assert!(failures[0].why.contains("has changed since"), "{failures:?}");
    assert_eq!(place.files(), before);
    let state = place.dir.path().join("state/runs/digits-aaaaaa");
    assert!(state.exists(), "the run, which finds the rest again, stays too");
    // Of a run that was ended just now whatever is there by then goes.
    let mut ended = proposal;
    ended.removals[0].ends = true;
    assert_eq!(place.carry_out(&ended), []);
    assert!(!place.files().contains(&"_mlctl/parts/00002.0.w3.results".to_owned()));
}

#[test]
fn a_run_whose_output_can_not_be_asked_stays() {
    let mut place = Place::new();
    place.run_at("digits-aaaaaa", RunState::Failed, JOB, "ftp://nowhere/out");
    let proposal = place.propose(&Filter::default());
    assert_eq!(proposal.removals, []);
    let why = &proposal.kept[0].why;
    assert!(why.starts_with("its output ftp://nowhere/out could not be looked at: "), "{why}");
    // A newer mlctl's job is not understood, and so not touched.
    place.runs.clear();
    place.write("_mlctl/job.json", r#"{"schemaVersion": 99, "id": "f00d"}"#);
    place.run("digits-bbbbbb", RunState::Failed, JOB);
    let proposal = place.propose(&Filter::default());
    assert_eq!((proposal.removals.len(), proposal.kept.len()), (0, 1));
}

#[test]
fn places_that_only_a_pod_can_reach_keep_no_run_here() {
    let mut place = Place::new();
    place.run_at("digits-aaaaaa", RunState::Failed, JOB, "pvc://claim/out");
    place.run_at("digits-bbbbbb", RunState::Failed, JOB, "relative/out");
    let proposal = place.propose(&Filter::default());
    assert_eq!((proposal.removals.len(), proposal.kept.len()), (2, 0));
}

/// Anybody in its namespace may write a record that names this user's output.
#[test]
fn a_run_that_was_taken_in_reaches_no_output_unless_it_is_named() {
    let mut place = Place::new();
    place.job();
    place.run("digits-aaaaaa", RunState::Failed, JOB);
    place.runs[0].0.adopted = true;
    let all = Filter { outputs: true, all_users: true, ..Filter::default() };
    assert_eq!(place.clean(&all), Vec::<String>::new());
    // It says itself that it belongs to the study that is named.
    let by_study = Filter { runs: vec!["digits-aaaaaa".into()], ..Filter::default() };
    assert_eq!(place.clean(&by_study), Vec::<String>::new());
    assert_eq!(place.clean(&only("digits-aaaaaa")), all_of(&[&MARKERS, &HALVES, &COMMITTED]));
}

/// A record that was found in a cluster must not send this user's credentials wherever it says.
#[test]
fn buckets_are_reached_as_the_user_says_and_never_as_a_record_of_others_does() {
    let mut place = Place::new();
    place.run("digits-aaaaaa", RunState::Failed, JOB);
    let at = |endpoint: &str| BucketSettings {
        endpoint: Some(endpoint.into()),
        ..BucketSettings::default()
    };
    let mut plan = place.runs[0].1.clone();
    plan.storage = [("s3://a", "plan"), ("s3://b", "plan")]
        .map(|(bucket, endpoint)| (bucket.to_owned(), at(endpoint)))
        .into();
    let buckets = BTreeMap::from([("s3://a".to_owned(), at("mine"))]);
    let stores = Stores::new(StorageConfig { buckets, ..StorageConfig::default() });
    let outputs = Outputs::new(stores, place.threads.handle().clone());
    let endpoints = |adopted: bool| {
        let rule = Rule { plan: plan.clone(), abandoned: true, everything: false, adopted };
        let stores = outputs.stores_of(&rule);
        let buckets = stores.config().buckets.iter();
        let all =
            buckets.map(|(bucket, at)| format!("{bucket} {}", at.endpoint.as_deref().unwrap()));
        all.collect::<Vec<_>>()
    };
    assert_eq!(endpoints(false), ["s3://a mine", "s3://b plan"]);
    assert_eq!(endpoints(true), ["s3://a mine"]);
}

#[test]
fn nobody_is_asked_about_runs_that_stay() {
    let mut place = Place::new();
    place.run_at("digits-aaaaaa", RunState::Failed, JOB, "ftp://nowhere/out");
    let filter = Filter { states: vec![RunState::Succeeded], ..Filter::default() };
    let proposal = place.propose(&filter);
    assert_eq!((proposal.removals.len(), proposal.kept.len()), (0, 0));
}
