//! What studies leave: their document, their journal, the plans of their runs, and what programs read.

use mlctl::plan::Plan;
use mlctl::store::RunRecord;
use mlctl::work::tune::{Line, LiveCurves, StudyDocument, StudyReport, StudyState};
use serde_json::Value as Json;

use super::printed::lost;
use super::{comes_back, lines_come_back, text, v4};

#[test]
fn the_documents_of_a_study_come_back_the_same() {
    let document: StudyDocument = comes_back(&text(v4("study.json")));
    let digest = r#""code": ".", "codeDigest": {"sha256": "ab", "files": 2, "bytes": 3},"#;
    let with_digest = text(v4("study.json")).replace(r#""code": ".","#, digest);
    let newer: StudyDocument = comes_back(&with_digest);
    assert!(newer.code_digest.is_some() && document.code_digest.is_none());
    let lines: Vec<Line> = lines_come_back(&text(v4("journal.jsonl")));
    let state = StudyState::of(&lines);
    assert_eq!((state.trials.len(), state.sessions.len(), state.max_trials), (4, 2, Some(7)));
    let controller: Plan = comes_back(&text(v4("plan-controller.json")));
    let study = controller.study().cloned();
    assert_eq!(study, Some(document.study.clone()));
    let trial: Plan = comes_back(&text(v4("plan-trial.json")));
    assert_eq!(trial.gang().metrics.as_ref().map(|metrics| metrics.names.len()), Some(2));
    let record: RunRecord = comes_back(&text(v4("run.json")));
    assert_eq!(record.trial, trial.head.trial);
    // What an older mlctl would get wrong it must not read.
    for name in ["plan-controller.json", "plan-trial.json"] {
        let older = text(v4(name)).replace("\"schemaVersion\": 4", "\"schemaVersion\": 3");
        assert!(Plan::read(older.as_bytes()).is_err(), "{name}");
    }
}

#[test]
fn programs_find_what_they_found_in_a_report() {
    let document: StudyDocument = comes_back(&text(v4("study.json")));
    let state = StudyState::of(&lines_come_back::<Line>(&text(v4("journal.jsonl"))));
    let report = StudyReport::of(&document, &state, &LiveCurves::default());
    let new = serde_json::to_value(&report).expect("a document");
    let old: Json = serde_json::from_str(&text(v4("trials.json"))).expect("a document");
    assert_eq!(lost(&old, &new), Vec::<String>::new());
    assert_eq!(new["trials"][3]["state"], "failed");
}
