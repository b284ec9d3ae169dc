//! A laptop whose clock is wrong: what it sees, waits for and ends is judged by the cluster's.

use crate::kube::support::{COUNTS, Kube, LONG, World, poll};
use crate::support::stdout;

const HOUR: i64 = 3600;
const YEAR: i64 = 366 * 24 * HOUR;

/// The uids of all Jobs and pods.
fn uids(kube: &Kube) -> Vec<String> {
    let objects = kube.get("jobs,pods").into_iter();
    let mut uids: Vec<String> = objects.map(|one| one["metadata"]["uid"].to_string()).collect();
    uids.sort();
    uids
}

/// A run that waits for room has all of its time to start, and is there after every look at it.
fn looks_end_nothing(seconds: i64) {
    let Some(kube) = Kube::without_pods() else { return };
    let _world = World::ahead(&kube, seconds);
    kube.gang(&["true", "true"], "startTimeout: 20m\n");
    let run = kube.detach(["--set", "roles.worker.cpu=1000"]);
    poll("the pods are there", LONG, || (uids(&kube).len() == 3).then_some(()));
    let before = uids(&kube);
    for _ in 0..2 {
        for verb in ["status", "why"] {
            kube.run(0, [verb, &run]);
        }
        let shown = stdout(&kube.run(0, ["list"]));
        assert!(shown.contains("pending") || shown.contains("submitted"), "{shown}");
    }
    kube.run(130, ["wait", &run, "--timeout", "3s"]);
    kube.run(0, ["cleanup", "--yes"]);
    assert_eq!(uids(&kube), before);
    kube.run(0, ["cancel", &run]);
    assert_eq!(uids(&kube), [""; 0]);
    // Its age is what it is, whatever this machine's clock says.
    let left = stdout(&kube.run(0, ["cleanup", "--older-than", "30m", "--dry-run", "-o", "json"]));
    assert!(!left.contains(&run), "{left}");
}

#[test]
fn an_hour_behind_ends_nothing() {
    looks_end_nothing(HOUR);
}

#[test]
fn an_hour_ahead_ends_nothing() {
    looks_end_nothing(-HOUR);
}

#[test]
fn a_year_behind_ends_nothing() {
    looks_end_nothing(YEAR);
}

#[test]
fn a_year_ahead_ends_nothing() {
    looks_end_nothing(-YEAR);
}

/// Training that is followed from there does as anywhere else, and so does a limit that is over.
#[test]
fn a_wrong_clock_changes_no_run() {
    let Some(kube) = Kube::new() else { return };
    for seconds in [YEAR, -YEAR] {
        let _world = World::ahead(&kube, seconds);
        kube.gang(&[COUNTS, COUNTS], "env: [{name: LAST, value: '10'}]\n");
        let told = stdout(&kube.run(0, ["train", "-o", "json"]));
        let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
        assert_eq!(told["state"], "succeeded", "{told:#}");
        kube.gang(&["true"], "startTimeout: 5s\n");
        let run = kube.detach(["--set", "roles.worker.cpu=1000"]);
        kube.run(14, ["wait", &run]);
        let is_left = |pod: &serde_json::Value| pod.to_string().contains(&run);
        assert!(!kube.get("pods").iter().any(is_left), "what could not start is given back");
    }
}
