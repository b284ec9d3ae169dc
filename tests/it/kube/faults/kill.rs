//! `kill -9` of mlctl at random moments of submitting and following: nothing unowned, nothing that
//! runs without a run that knows it, and the right end from this state and from another one.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::kube::support::{Kube, LONG, Why, poll};
use crate::support::{stderr, stdout};

/// Rounds in the tests; `just kill-kube` takes more.
const ROUNDS: u32 = 6;

/// A part of CI ends after this long, with a round at least.
const TIME_BOX: Duration = Duration::from_secs(75);

/// The command fails in some rounds, so that a lost verdict can't pass for a success.
fn round(seed: u64) {
    let Some(kube) = Kube::new() else { return };
    let mut random = fastrand::Rng::with_seed(seed);
    let fails = random.bool();
    let moment = match random.u8(..4) {
        // Most of a submission's requests lie within its first third of a second.
        0 | 1 => Duration::from_millis(random.u64(..400)),
        2 => Duration::from_millis(random.u64(..1500)),
        _ => Duration::from_millis(random.u64(..6000)),
    };
    let case = format!("seed {seed}, killed after {moment:?}, the command fails: {fails}");
    kube.gang(
        &["sleep 2", if fails { "sleep 1; exit 3" } else { "sleep 2" }],
        "startTimeout: 60s\n",
    );
    let begin = Instant::now();
    let mut mlctl = kube.mlctl(["train"]).stderr(Stdio::null()).spawn().expect("mlctl starts");
    poll("the moment has come", LONG, || (begin.elapsed() >= moment).then_some(()));
    mlctl.kill().expect("kill");
    mlctl.wait().expect("reaped");

    kube.assert_owned();
    let known = stdout(&kube.run(0, ["list", "-q"]));
    let objects = kube.get("configmaps,secrets,services,jobs");
    let records: Vec<String> = objects
        .iter()
        .filter(|object| object["metadata"]["ownerReferences"].is_null())
        .filter_map(|object| object["metadata"]["name"].as_str().map(str::to_owned))
        .collect();
    for record in &records {
        assert!(known.lines().any(|run| run == record), "{record} is known; {case}\n{known}");
    }
    let jobs = objects.iter().filter(|object| object["kind"] == "Job").count();
    let expected: &[i32] = match (jobs, fails) {
        (0, _) => &[14],
        (_, true) => &[10],
        (_, false) => &[0],
    };
    let other = kube.elsewhere();
    for run in known.lines() {
        let output = kube.mlctl(["wait", run, "--timeout", "90s"]).output().expect("mlctl");
        let code = output.status.code().unwrap_or(-1);
        assert!(expected.contains(&code), "exit {code}; {case}\n{}", stderr(&output));
        let here = Why::ask(&kube.sandbox, run);
        if jobs > 0 {
            other.run(code, ["wait", run, "--timeout", "60s"]);
            let there = Why::ask(&other, run);
            assert_eq!(here.blamed(), there.blamed(), "{case}");
            if fails {
                here.assert_blames("worker-1", "userError", &["exit code 3"]);
            }
        }
    }
    kube.wait_until_quiet(LONG);
    kube.assert_owned();
    kube.run(0, ["state", "check"]);
}

#[test]
fn random_kills() {
    let rounds = std::env::var("MLCTL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok());
    let first = std::env::var("MLCTL_KILL_SEED").ok().and_then(|text| text.parse().ok());
    let seed = first.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let begin = Instant::now();
    for number in 0..u64::from(rounds.unwrap_or(ROUNDS)) {
        if rounds.is_none() && begin.elapsed() > TIME_BOX {
            break;
        }
        round(seed + number);
    }
}
