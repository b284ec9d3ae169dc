//! Weights that move under load: by hand, by a rollout that holds, by one that doesn't. No caller sees any of
//! it but by who answers.

use serde_json::Value as Json;

use super::support::{
    Answers, Callers, LONG, ask_once, revision, sandbox, spec, status, undeploy, until, url,
};
use crate::support::{Sandbox, stderr, wait_for};

/// All answers are 200, and nobody but these answered.
fn all_well((answers, errors): (Answers, Vec<String>), by: &[&str]) {
    assert!(errors.is_empty(), "{} callers had no answer: {:?}", errors.len(), errors.first());
    assert!(!answers.is_empty());
    for ((code, revision), count) in &answers {
        assert_eq!(*code, 200, "{count} answers of {revision}");
        assert!(by.contains(&revision.as_str()), "{revision} answered {count}");
    }
}

#[test]
fn weights_move_a_hundred_times_and_no_caller_sees_it() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "traffic: 50"), ("v2", "", "traffic: 50")], "");
    sandbox.run(0, ["serve"]);
    let url = url(&sandbox);
    let callers = Callers::start(&url, 4);
    for turn in 1..=100 {
        let one = turn % 101;
        let words = [format!("v1={one}"), format!("v2={}", 100 - one)];
        sandbox.run(0, ["traffic", "sums", &words[0], &words[1]]);
    }
    // The last ones have left no part of the requests to v2.
    let (code, by, _) = ask_once(&url, None).expect("an answer");
    assert_eq!((code, by.as_str()), (200, "v1"));
    all_well(callers.end(), &["v1", "v2"]);
    // By name it still answers, as long as it is warm.
    let (code, by, _) = ask_once(&url, Some("v2")).expect("an answer");
    assert_eq!((code, by.as_str()), (200, "v2"));
    let (code, ..) = ask_once(&url, Some("v7")).expect("an answer");
    assert_eq!(code, 404);
    undeploy(&sandbox);
}

const ROLLOUT: &str =
    "rollout: {steps: [20, 60, 100], interval: 1s, minRequests: 20, maxErrorRate: 5%}\n";

#[test]
fn a_rollout_that_holds_ends_with_the_new_revision() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    sandbox.run(0, ["serve"]);
    let callers = Callers::start(&url(&sandbox), 2);
    spec(&sandbox, &[("v1", "", ""), ("v2", "factor=3", "")], ROLLOUT);
    let said = stderr(&sandbox.run(0, ["serve", "--yes"]));
    for step in ["weights: v1 80 %, v2 20 %", "weights: v1 40 %, v2 60 %", "weights: v2 100 %"] {
        assert!(said.contains(step), "{said}");
    }
    let (code, by, answer) = ask_once(&url(&sandbox), None).expect("an answer");
    assert_eq!((code, by.as_str()), (200, "v2"));
    assert_eq!(answer["predictions"][0]["y"], 3.0);
    // Back in one step, since v1 is warm.
    sandbox.run(0, ["rollback", "sums"]);
    assert_eq!(revision(&status(&sandbox), "v1")["weight"], 100);
    all_well(callers.end(), &["v1", "v2"]);
    undeploy(&sandbox);
}

#[test]
fn a_rollout_that_fails_gives_the_old_weights_back() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    sandbox.run(0, ["serve"]);
    let fail = sandbox.write("fail", "");
    let callers = Callers::start(&url(&sandbox), 2);
    let words = format!("fail={}", fail.display());
    spec(&sandbox, &[("v1", "", ""), ("v2", &words, "")], ROLLOUT);
    let said = stderr(&sandbox.run(10, ["serve", "--yes"]));
    assert!(said.contains("given up"), "{said}");
    let now = status(&sandbox);
    assert_eq!(revision(&now, "v1")["weight"], 100);
    assert_eq!(revision(&now, "v2")["weight"], 0);
    let why = revision(&now, "v2")["condemned"].as_str().expect("a reason").to_owned();
    assert!(why.contains("error"), "{why}");
    let (answers, errors) = callers.end();
    assert!(errors.is_empty(), "{errors:?}");
    // Errors were those of the new revision alone, and few.
    let of = |code: u16| -> u64 {
        answers.iter().filter(|((status, _), _)| *status == code).map(|(_, count)| count).sum()
    };
    assert!(answers.keys().all(|(code, by)| *code == 200 || by == "v2"), "{answers:?}");
    assert!(of(500) > 0 && of(200) > of(500), "{answers:?}");
    let said = stderr(&sandbox.run(0, ["rollout", "status", "sums"]));
    assert!(said.is_empty(), "{said}");
    // The same spec is not what serves: it is tried again, and fails again, or holds once it is mended.
    let callers = Callers::start(&url(&sandbox), 2);
    let again = stderr(&sandbox.run(10, ["serve", "--yes"]));
    assert!(again.contains("it was given up, and is tried again"), "{again}");
    fs_err::remove_file(&fail).expect("the fault");
    sandbox.run(0, ["serve", "--yes"]);
    assert_eq!(revision(&status(&sandbox), "v2")["weight"], 100);
    callers.end();
    undeploy(&sandbox);
}

/// A rollout without callers proves nothing: it is paused, and a person decides.
#[test]
fn silence_promotes_nothing() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "");
    sandbox.run(0, ["serve"]);
    let quiet = ROLLOUT.replace("minRequests: 20", "minRequests: 20, maxWait: 2s");
    spec(&sandbox, &[("v1", "", ""), ("v2", "", "")], &quiet);
    let said = stderr(&sandbox.run(10, ["serve", "--yes"]));
    assert!(said.contains("inconclusive"), "{said}");
    assert!(said.contains("mlctl rollout resume|promote|abort sums"), "{said}");
    sandbox.run(0, ["rollout", "promote", "sums"]);
    let now = until(&sandbox, "the promotion", |now| now["state"]["change"].is_null());
    assert_eq!(revision(&now, "v2")["weight"], 100);
    undeploy(&sandbox);
}

/// The old one is gone before the new one starts; callers wait meanwhile and see nothing of it.
#[test]
fn memory_never_holds_both_where_it_must_not() {
    let sandbox = sandbox();
    let more = "transition: minimalRam\n";
    spec(&sandbox, &[("v1", "", "")], more);
    sandbox.run(0, ["serve"]);
    let callers = Callers::start(&url(&sandbox), 2);
    spec(&sandbox, &[("v1", "factor=3", "")], more);
    let mut change = sandbox.mlctl(["serve", "--yes"]).spawn().expect("mlctl");
    let mut both = false;
    wait_for("the change", LONG, || {
        both |= servers(&sandbox) > 1;
        change.try_wait().expect("mlctl").is_some()
    });
    assert!(!both, "two servers were there at once");
    let (code, by, answer) = ask_once(&url(&sandbox), None).expect("an answer");
    assert_eq!((code, by.as_str()), (200, "v1.2"));
    assert_eq!(answer["predictions"][0]["y"], 3.0);
    all_well(callers.end(), &["v1", "v1.2"]);
    undeploy(&sandbox);
}

/// Processes of model servers.
fn servers(sandbox: &Sandbox) -> usize {
    let is_server = |pid: &i32| {
        let words = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut words = words.split(|byte| *byte == 0);
        let program = words.next().unwrap_or_default();
        program.ends_with(b"python3") && words.any(|word| word == b"server.py")
    };
    sandbox.processes().iter().filter(|pid| is_server(pid)).count()
}

/// Who changed what, and why, is known afterwards.
#[test]
fn every_change_is_recorded() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "traffic: 50"), ("v2", "", "traffic: 50")], "");
    sandbox.run(0, ["serve"]);
    sandbox.run(0, ["traffic", "sums", "v1=10", "v2=90"]);
    let now = status(&sandbox);
    let history = now["state"]["history"].as_array().expect("a history");
    let is_change = |one: &&Json| one["event"] == "weights" && one["to"]["v2"] == 90;
    let change = history.iter().find(is_change).expect("the change");
    assert_eq!(change["from"]["v2"], 50);
    let begun = history.iter().find(|one| one["event"] == "begun" && one["to"]["v2"] == 90);
    let by = begun.expect("who has asked for it")["by"].as_str().expect("a name");
    assert!(!by.is_empty() && by != "controller", "{by}");
    undeploy(&sandbox);
}
