//! Requests and answers that are kept.

use std::path::Path;

use serde_json::Value as Json;

use super::support::{ask_once, sandbox, spec, undeploy, url};
use crate::support::{stderr, stdout};

/// All lines of all files below a folder.
fn lines(folder: &Path) -> Vec<Json> {
    let mut found = Vec::new();
    for entry in fs_err::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(lines(&path));
            continue;
        }
        let text = fs_err::read_to_string(&path).expect("a part");
        found.extend(text.lines().map(|line| serde_json::from_str::<Json>(line).expect("JSON")));
    }
    found
}

#[test]
fn each_kept_request_is_a_line_with_its_answer() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "log: {sample: 100%, to: kept}\n");
    sandbox.run(0, ["serve"]);
    let url = url(&sandbox);
    for _ in 0..5 {
        ask_once(&url, None).expect("an answer");
    }
    ask_once(&format!("{url}/?token=hidden#"), Some("v1")).expect("an answer");
    // Another place is taken from here on, with nothing begun again.
    spec(&sandbox, &[("v1", "", "")], "log: {sample: 100%, to: later}\n");
    let said = stderr(&sandbox.run(0, ["serve", "--yes"]));
    assert!(said.contains("log changes"), "{said}");
    undeploy(&sandbox);
    let folders = ["kept", "later"].map(|name| sandbox.dir().join(name).join("sums"));
    let kept: Vec<Json> = folders.iter().flat_map(|folder| lines(folder)).collect();
    assert_eq!(kept.len(), 6, "{kept:#?}");
    for line in &kept {
        assert_eq!(
            (&line["v"], &line["status"], &line["revision"]),
            (&1.into(), &200.into(), &"v1".into())
        );
        assert_eq!(line["request"]["json"]["instances"][0]["x"], 1, "{line}");
        assert_eq!(line["answer"]["json"]["predictions"][0]["y"], 2.0, "{line}");
        assert!(line["seconds"].as_f64() > Some(0.0) && !line.to_string().contains("hidden"));
    }
}

#[test]
fn a_place_that_takes_nothing_costs_no_caller_anything() {
    let sandbox = sandbox();
    sandbox.write("full", "a file where a folder should be");
    spec(&sandbox, &[("v1", "", "")], "log: {sample: 100%, to: full}\n");
    sandbox.run(0, ["serve"]);
    let url = url(&sandbox);
    for _ in 0..20 {
        assert_eq!(ask_once(&url, None).expect("an answer").0, 200);
    }
    undeploy(&sandbox);
    let logs = stdout(&sandbox.run(0, ["logs", "sums"]));
    assert!(logs.contains("requests are not kept at the moment"), "{logs}");
}
