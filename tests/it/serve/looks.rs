//! An endpoint as people look at it and wait for it, and which generation a name means.

use std::time::Duration;

use serde_json::Value as Json;

use super::support::{Callers, ask_once, revision, sandbox, spec, status, undeploy, until, url};
use crate::pty::seen;
use crate::support::{Sandbox, stderr, stdout};

fn wait(sandbox: &Sandbox, code: i32, more: &[&str]) -> Json {
    let said = stdout(&sandbox.run(code, [&["wait", "sums", "-o", "json"], more].concat()));
    serde_json::from_str(&said).expect("JSON")
}

/// Waiting ends when all that is wanted is ready, and says why where that won't be.
#[test]
fn an_endpoint_is_waited_for() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "start=1", "replicas: 2")], "");
    sandbox.run(0, ["serve", "-d"]);
    assert_eq!(wait(&sandbox, 130, &["--timeout", "1ms"])["state"], "waiting");
    let ready = wait(&sandbox, 0, &[]);
    assert_eq!((&ready["state"], &ready["weights"]["v1"]), (&"ready".into(), &100.into()));
    let replicas = revision(&status(&sandbox), "v1")["replicas"].clone();
    let replicas = replicas.as_array().expect("replicas").clone();
    assert!(replicas.len() == 2 && replicas.iter().all(|one| one["state"] == "ready"));
    let broken = "traffic: 100; probes: {startTimeout: 1s}";
    spec(&sandbox, &[("v1", "start=1", "replicas: 2"), ("v2", "broken=1", broken)], "");
    sandbox.run(0, ["serve", "--yes", "-d"]);
    let failed = wait(&sandbox, 10, &[]);
    let why = failed["reason"].as_str().expect("a reason");
    assert!(why.contains("given up") && why.contains("no module named models"), "{why}");
    // What serves is what the spec says again.
    spec(&sandbox, &[("v1", "start=1", "replicas: 2")], "");
    sandbox.run(0, ["serve", "--yes"]);
    assert_eq!(wait(&sandbox, 0, &[])["state"], "ready");
    let ended = stdout(&sandbox.run(0, ["undeploy", "sums", "--yes", "-o", "json"]));
    let ended: Json = serde_json::from_str(&ended).expect("JSON");
    assert_eq!((&ended["schemaVersion"], &ended["ended"][0]["name"]), (&1.into(), &"sums".into()));
    assert_eq!(ended["ended"][0]["revisions"][0]["revision"], "v1");
    sandbox.wait_until_empty(Duration::from_secs(20));
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// The shadow is named, and whoever goes on looking sees a curve of each revision, also in ASCII.
#[test]
fn an_endpoint_is_watched() {
    let sandbox = sandbox();
    let revisions = [("v1", "", "traffic: 100"), ("v2", "", "traffic: 0")];
    spec(&sandbox, &revisions, "shadow: {revision: v2, percent: 50}\n");
    sandbox.run(0, ["serve"]);
    let callers = Callers::start(&url(&sandbox), 1);
    let now = until(&sandbox, "a curve", |now| {
        let rates = &revision(now, "v1")["history"]["rates"];
        rates.as_array().is_some_and(|rates| !rates.is_empty())
            && now["live"]["shadow"]["copies"].as_u64() > Some(0)
    });
    callers.end();
    let shadow = &now["live"]["shadow"];
    assert_eq!((&shadow["revision"], &shadow["percent"]), (&"v2".into(), &50.into()));
    let said = stdout(&sandbox.run(0, ["status", "sums"]));
    assert!(said.contains("v2 gets copies of 50 % of the requests"), "{said}");
    let mut watch = sandbox.mlctl(["status", "sums", "--watch"]);
    watch.env("NO_COLOR", "1").env("LC_ALL", "C");
    let mut is_ended = false;
    let (bytes, _) = seen(&mut watch, "", |shown| {
        // Its end ends the watch.
        if !is_ended && String::from_utf8_lossy(shown).contains("LAST ") {
            is_ended = true;
            sandbox.run(0, ["undeploy", "sums", "--yes"]);
        }
    });
    let shown = String::from_utf8_lossy(&bytes);
    let header = shown.lines().find(|line| line.starts_with("LAST ")).expect("curves");
    for column in ["REQ/S TO ", "ERRORS TO ", "P95 TO "] {
        assert!(header.contains(column) && header.len() <= 80, "{header}");
    }
    assert!(!shown.contains('█'), "{shown}");
    sandbox.wait_until_empty(Duration::from_secs(20));
}

/// A name means the newest generation of it that can answer; each has a name of its own, too.
#[test]
fn a_name_means_its_newest_generation() {
    let sandbox = sandbox();
    spec(&sandbox, &[("v1", "", "")], "rollout: {keepWarm: 1h, steps: [100]}\n");
    sandbox.run(0, ["serve"]);
    spec(&sandbox, &[("v1", "factor=3", "")], "");
    sandbox.run(0, ["serve", "--yes"]);
    let url = url(&sandbox);
    for (asked, wanted) in [("v1", "v1.2"), ("v1.2", "v1.2"), ("v1.1", "v1")] {
        let (code, by, _) = ask_once(&url, Some(asked)).expect("an answer");
        assert_eq!((code, by.as_str()), (200, wanted), "{asked}");
        let predict = ["predict", "sums", "--json", r#"{"x": 1}"#, "--revision", asked];
        assert_eq!(stderr(&sandbox.run(0, predict)), "", "{asked}");
    }
    let several = stderr(&sandbox.run(2, ["rollback", "sums", "--to", "v1"]));
    assert!(several.contains("`v1` may mean v1.1 or v1.2"), "{several}");
    sandbox.run(0, ["rollback", "sums", "--to", "v1.1"]);
    assert_eq!(revision(&status(&sandbox), "v1")["weight"], 100);
    undeploy(&sandbox);
}

/// What an endpoint that was cancelled has left in the registry goes with the next one of its name.
#[test]
fn a_mark_that_is_too_much_goes() {
    let sandbox = sandbox();
    let deployed = |version: &str| {
        let shown = ["models", "show", version, "-o", "json"];
        stdout(&sandbox.run(0, shown)).contains("\"endpoint\"")
    };
    for version in ["1", "2"] {
        sandbox.write("model/model.onnx", version);
        sandbox.run(0, ["models", "push", "./model", "doubles"]);
    }
    spec(&sandbox, &[("v1", "", "model: doubles@1")], "");
    sandbox.run(0, ["serve"]);
    // Who doesn't wait for the end leaves the mark to whoever looks next.
    sandbox.run(0, ["cancel", "sums", "--yes", "--no-wait"]);
    sandbox.wait_until_empty(Duration::from_secs(20));
    assert!(deployed("doubles@1"));
    spec(&sandbox, &[("v1", "", "model: doubles@2")], "");
    sandbox.run(0, ["serve"]);
    assert!(!deployed("doubles@1") && deployed("doubles@2"));
    undeploy(&sandbox);
    assert!(!deployed("doubles@2"));
}
