//! Following through a network and an API server that fail: no line is lost, none comes twice.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::kube::support::{Fault, Kube, LONG, Proxy, poll};
use crate::support::{both, stdout};

/// Bursts of lines within one second, and lines that say the same.
const TALKS: &str = "\
i=0
while [ $i -lt $BURSTS ]; do
    i=$((i + 1))
    for j in 0 1 2 3 4 5 6 7 8 9; do echo \"line $i.$j of $RANK\"; done
    echo same
    sleep 0.3
done
";

fn talking(kube: &Kube, bursts: u32) {
    kube.gang(&[TALKS, TALKS], &format!("env: [{{name: BURSTS, value: '{bursts}'}}]\n"));
}

/// `mlctl train`, which says all that it says to a file.
fn follower(kube: &Kube) -> Child {
    let file = fs_err::File::create(kube.sandbox.dir().join("followed.txt")).expect("a file");
    let file = file.into_parts().0;
    let mut command = kube.mlctl(["train"]);
    command.stdout(file.try_clone().expect("a file")).stderr(file).spawn().expect("mlctl starts")
}

/// What it said until the run's success.
#[track_caller]
fn followed(kube: &Kube, mlctl: &mut Child) -> String {
    let ended = mlctl.wait().expect("mlctl ends");
    let text = fs_err::read_to_string(kube.sandbox.dir().join("followed.txt")).expect("text");
    assert_eq!(ended.code(), Some(0), "{text}");
    text
}

fn expected(bursts: u32, rank: u32) -> Vec<String> {
    let burst =
        |i: u32| (0..10).map(move |j| format!("line {i}.{j} of {rank}")).chain(["same".to_owned()]);
    (1..=bursts).flat_map(burst).collect()
}

/// Both what the follower showed and what `logs` prints later are exactly what was printed.
#[track_caller]
fn all_lines_once(kube: &Kube, followed: &str, bursts: u32) {
    for rank in 0..2 {
        let prefix = format!("worker-{rank} | ");
        let shown: Vec<&str> = followed
            .lines()
            .filter_map(|line| line.split_once(&prefix).map(|(_, line)| line))
            .collect();
        same(&shown, &expected(bursts, rank), "the follower");
        let replica = format!("worker-{rank}");
        let text = stdout(&kube.run(0, ["logs", "--replica", &replica, "--no-prefix"]));
        same(&text.lines().collect::<Vec<_>>(), &expected(bursts, rank), "`logs`");
    }
}

#[track_caller]
fn same(shown: &[&str], expected: &[String], who: &str) {
    let at = shown.iter().zip(expected).position(|(one, other)| one != other);
    let at = at.or((shown.len() != expected.len()).then(|| shown.len().min(expected.len())));
    if let Some(at) = at {
        let near = &shown[at.saturating_sub(3)..shown.len().min(at + 15)];
        let want = &expected[at.saturating_sub(3)..expected.len().min(at + 5)];
        panic!(
            "{who} differs at line {at}; {} lines instead of {}: {near:?}, expected {want:?}",
            shown.len(),
            expected.len()
        );
    }
}

#[test]
fn a_bad_network_loses_and_doubles_nothing() {
    let Some(kube) = Kube::new() else { return };
    let proxy = Proxy::start(&kube);
    talking(&kube, 40);
    let output = kube.run(0, ["train"]);
    all_lines_once(&kube, &both(&output), 40);
    let faults = proxy.faults();
    for fault in [
        Fault::TooMany,
        Fault::Internal,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::GoneEvent,
        Fault::Cut,
    ] {
        assert!(faults.contains_key(&fault), "{fault:?} happened: {faults:?}");
    }
    drop(proxy);
    kube.assert_owned();
    assert_eq!(kube.get("jobs").len(), 1, "what was created twice is there once");
}

/// Whoever makes one run after the other watches all of them at once, and hears of each later than it has
/// made it: what is not seen yet was not deleted. No Job has a pod before its queue lets it in, which for the
/// third one is after the watch of the first two has begun.
#[test]
fn a_run_that_a_watch_shows_late_is_not_taken_for_a_deleted_one() {
    let Some(kube) = Kube::new() else { return };
    let _proxy = Proxy::slow_watches(&kube, Duration::from_secs(1));
    kube.sandbox.write(
        "study.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TuneJob\nname: search\n\
             metrics: [{{name: loss, goal: minimize}}]\nparameters: {{x: {{double: [0, 1]}}}}\n\
             maxTrials: 3\nparallelTrials: 2\nseed: 1\n\
             trial: {{framework: none, queue: someones, image: {}, command: [sh, -c, 'echo loss=1']}}\n",
            kube.cluster.image("python")
        ),
    );
    let mut tune = kube.mlctl(["tune", "study.yaml"]).spawn().expect("mlctl starts");
    for trial in 1..=3 {
        let label = format!("mlctl.dev/trial={trial}");
        let job = poll("the trial is made", LONG, || {
            let jobs = kube.kubectl(["get", "jobs", "-l", &label, "-o", "name"]);
            jobs.lines().next().map(str::to_owned)
        });
        kube.kubectl(["patch", &job, "-p", r#"{"spec": {"suspend": false}}"#]);
    }
    assert!(tune.wait().expect("its end").success());
    let text = stdout(&kube.run(0, ["tune", "trials", "-o", "json"]));
    let report: serde_json::Value = serde_json::from_str(&text).expect("a report");
    let trials = report["trials"].as_array().expect("trials");
    let succeeded = trials.iter().filter(|trial| trial["state"] == "succeeded");
    assert_eq!((succeeded.count(), trials.len()), (3, 3), "{report}");
}

#[test]
fn an_api_server_that_dies_loses_and_doubles_nothing() {
    let Some(kube) = Kube::alone() else { return };
    talking(&kube, 60);
    let mut mlctl = follower(&kube);
    kube.printed(1, "line 3.0");
    kube.cluster.control(["stop", "apiserver"]);
    let begin = Instant::now();
    poll("it has been away for a while", LONG, || {
        (begin.elapsed() > Duration::from_secs(4)).then_some(())
    });
    kube.cluster.control(["start", "apiserver"]);
    let followed = followed(&kube, &mut mlctl);
    all_lines_once(&kube, &followed, 60);
    kube.ended(0);
}

/// A plugin's credentials end; it is asked for new ones before anything fails.
#[test]
fn a_token_that_expires_is_renewed() {
    let Some(kube) = Kube::new() else { return };
    let robot = kube.robot("admin");
    let (first, second) = (robot.token("one"), robot.token("two"));
    kube.sandbox.write("token", &first);
    let plugin = kube.sandbox.write(
        "plugin.sh",
        &format!(
            "#!/bin/sh\ncd {}\necho called >>calls\n\
             until=$(date -u -d @$(($(date +%s) + 6)) +%Y-%m-%dT%H:%M:%SZ)\n\
             echo '{{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\
             \"status\":{{\"token\":\"'$(cat token)'\",\"expirationTimestamp\":\"'$until'\"}}}}'\n",
            kube.sandbox.dir().display()
        ),
    );
    kube.use_credentials(&format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, \
         command: sh, args: [{}]}}",
        plugin.display()
    ));
    talking(&kube, 60);
    let mut mlctl = follower(&kube);
    kube.printed(1, "line 3.0");
    kube.sandbox.write("token", &second);
    robot.revoke("one");
    let followed = followed(&kube, &mut mlctl);
    let calls = fs_err::read_to_string(kube.sandbox.dir().join("calls")).expect("calls");
    assert!(calls.lines().count() >= 2, "the plugin was asked again");
    all_lines_once(&kube, &followed, 60);
}
