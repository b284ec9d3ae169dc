//! A state folder that an earlier mlctl wrote: everything that looks at runs works on it.

use mlctl::store::RunRecord;

use super::{comes_back, runs, text, with_state};
use crate::support::{Sandbox, stderr, stdout};

/// What a verb says, with what differs between machines and days made the same.
fn said(sandbox: &Sandbox, args: &[&str]) -> String {
    let output = sandbox.run(0, args);
    assert_eq!(stderr(&output), "", "{args:?}");
    stdout(&output).replace(&sandbox.home().display().to_string(), "HOME")
}

#[test]
fn it_is_whole() {
    let sandbox = with_state();
    let count = runs().len();
    assert_eq!(said(&sandbox, &["state", "check"]), format!("{count} runs, 0 problems\n"));
    let rebuilt = said(&sandbox, &["state", "rebuild"]);
    assert_eq!(rebuilt, format!("{count} runs in the index\n"));
}

#[test]
fn its_runs_are_listed() {
    let sandbox = with_state();
    let list: serde_json::Value =
        serde_json::from_str(&said(&sandbox, &["list", "-o", "json"])).unwrap();
    let states: Vec<(String, String)> = list["runs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["name"].as_str().unwrap().into(), run["state"].as_str().unwrap().into()))
        .collect();
    let wanted = [
        ("live", "failed"),
        ("far", "couldNotStart"),
        ("stopped", "cancelled"),
        ("timed", "timedOut"),
        ("late", "couldNotStart"),
        ("flaky", "failed"),
        ("good", "succeeded"),
    ];
    assert_eq!(states, wanted.map(|(name, state)| (name.into(), state.into())));
}

#[test]
fn its_runs_are_explained() {
    let sandbox = with_state();
    insta::with_settings!({ filters => vec![
        (r"submitted .* ago", "submitted AGO ago"),
        (r"-[a-z0-9]{6}\b", "-ID"),
    ] }, {
        let names = ["good", "flaky", "late", "timed", "stopped"];
        for name in names {
            let told = [&["status"][..], &["why"], &["logs"]]
                .map(|verb| said(&sandbox, &[verb, &[name]].concat()));
            insta::assert_snapshot!(name, told.join("\n----\n"));
        }
    });
    assert!(said(&sandbox, &["why", "live"]).contains("machine went down"));
    let cost = sandbox.run(0, ["cost"]);
    assert!(stdout(&cost).contains("in all"), "{}", stderr(&cost));
}

/// The run that was cut off is ended by whoever looks, in the form that the folder has.
#[test]
fn what_is_written_into_it_keeps_its_form() {
    let sandbox = with_state();
    said(&sandbox, &["list"]);
    let live = runs().into_iter().find(|run| run.to_string_lossy().contains("/live-")).unwrap();
    let before: RunRecord = comes_back(&text(live.join("run.json")));
    let path = sandbox.state().join("runs").join(&before.id).join("run.json");
    let after: RunRecord = comes_back(&text(path));
    assert!(before.verdict.is_none() && after.verdict.is_some());
    assert_eq!(after.journal.seq, before.journal.seq + 1);
    assert_eq!(text(sandbox.state().join("version")), "1\n");
}
