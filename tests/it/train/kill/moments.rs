//! Kills at moments that are awaited: each has one exit code.

use std::path::PathBuf;
use std::process::Stdio;

use mlctl::event::{Event, EventKind};
use mlctl::store::{FileLock, Store};

use super::story::own_events;
use super::strike::{Victim, strike};
use super::{END, judge, train};
use crate::support::{Sandbox, stderr, wait_for};

const REPLICAS: [&str; 3] = ["worker-0", "worker-1", "worker-2"];

/// Whether the gang has started when the kill comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    /// The primary and worker 2 have joined; worker 1 is in set-up until it is let go.
    Gathering,
    /// All three commands run.
    Running,
}

/// A gang whose worker 1 stays in set-up until the file is there.
fn gang(sandbox: &Sandbox) -> PathBuf {
    let go = sandbox.dir().join("go");
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: kill\n\
             setup: {{shell: 'test $RANK != 1 || until test -e {}; do sleep 0.05; done'}}\n\
             command: [sh, -c, 'setsid sleep 777 & sleep 4']\n\
             roles: {{worker: {{replicas: 3}}}}\n",
            go.display()
        ),
    );
    go
}

fn has_come(sandbox: &Sandbox, when: When) -> bool {
    let told = |replica, wanted: &dyn Fn(&Event) -> bool| {
        own_events(sandbox, replica).iter().filter(|event| wanted(event)).count()
    };
    let joined = |event: &Event| matches!(event.kind, EventKind::Joined { .. });
    let in_setup = |event: &Event| event.kind == EventKind::SetupStarted;
    let running = |event: &Event| event.kind == EventKind::ReplicaRunning;
    match when {
        When::Gathering => told("worker-0", &joined) == 2 && told("worker-1", &in_setup) == 1,
        When::Running => told("worker-0", &running) == 3,
    }
}

fn kill(when: When, victim: Victim, code: i32) {
    let sandbox = Sandbox::new();
    let go = gang(&sandbox);
    if when == When::Running {
        fs_err::write(&go, "").expect("file");
    }
    let child = train(&sandbox, "mlctl.yaml");
    wait_for(&format!("{when:?}"), END, || has_come(&sandbox, when));
    let mut blow = None;
    wait_for(&format!("{victim:?} is there"), END, || {
        blow = strike(&sandbox, victim, child.id());
        blow.is_some()
    });
    fs_err::write(&go, "").expect("file");
    let right = judge(&sandbox, child, &REPLICAS, victim, blow.as_ref());
    assert_eq!(right, code, "{when:?}, {victim:?}");
}

#[test]
fn before_the_gang_has_started() {
    for (victim, code) in [
        (Victim::Mlctl, 0),
        (Victim::Agent("worker-0"), 11),
        (Victim::Agent("worker-1"), 14),
        (Victim::Agent("worker-2"), 11),
        (Victim::AgentAndGuard("worker-1"), 14),
        (Victim::Guard("worker-1"), 10),
        (Victim::Command("worker-1"), 10),
    ] {
        kill(When::Gathering, victim, code);
    }
}

#[test]
fn after_the_gang_has_started() {
    for (victim, code) in [
        (Victim::Mlctl, 0),
        (Victim::Agent("worker-0"), 11),
        (Victim::Agent("worker-1"), 11),
        (Victim::AgentAndGuard("worker-0"), 11),
        (Victim::AgentAndGuard("worker-1"), 11),
        (Victim::Guard("worker-0"), 10),
        (Victim::Guard("worker-1"), 10),
        (Victim::Command("worker-0"), 10),
        (Victim::Command("worker-1"), 10),
    ] {
        kill(When::Running, victim, code);
    }
}

/// The state folder is locked, so that nothing can be recorded.
#[test]
fn before_anything_is_recorded() {
    let sandbox = Sandbox::new();
    let go = gang(&sandbox);
    fs_err::write(&go, "").expect("file");
    let store = Store::open(sandbox.state()).expect("state");
    fs_err::create_dir_all(store.root()).expect("folder");
    let lock = FileLock::acquire(&store.root().join("lock"), END).expect("lock");
    let child = train(&sandbox, "mlctl.yaml");
    let blow = strike(&sandbox, Victim::Mlctl, child.id());
    assert!(blow.is_some(), "it waits for the lock");
    drop(lock);
    assert_eq!(judge(&sandbox, child, &REPLICAS, Victim::Mlctl, blow.as_ref()), 4);
}

/// The moments between a record and the last agent that is up.
#[test]
fn while_it_is_submitted() {
    let sandbox = Sandbox::new();
    let go = gang(&sandbox);
    fs_err::write(&go, "").expect("file");
    let child = train(&sandbox, "mlctl.yaml");
    let runs = sandbox.state().join("runs");
    wait_for("a run is recorded", END, || {
        fs_err::read_dir(&runs).is_ok_and(|mut entries| entries.next().is_some())
    });
    let blow = strike(&sandbox, Victim::Mlctl, child.id());
    assert!(blow.is_some(), "it follows the run");
    judge(&sandbox, child, &REPLICAS, Victim::Mlctl, blow.as_ref());
}

/// An mlctl that is killed before it has recorded an agent leaves one that nobody would find: its run
/// counts as lost and may be started again, so its command must not run.
#[test]
fn an_agent_that_was_not_recorded_runs_nothing() {
    let sandbox = Sandbox::new();
    let ran = sandbox.dir().join("ran");
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: kill\n\
             command: [sh, -c, 'echo x >> {}']\n",
            ran.display()
        ),
    );
    sandbox.run(0, ["train"]);
    let runs = fs_err::read_dir(sandbox.state().join("runs")).unwrap();
    let config = runs.flatten().next().unwrap().path().join("agents/worker-0.json");
    let mut agent = sandbox.mlctl(["agent".as_ref(), "--config".as_ref(), config.as_os_str()]);
    let output = agent.stdin(Stdio::null()).output().expect("an agent");
    assert!(!output.status.success(), "{output:?}");
    assert!(stderr(&output).contains("nothing is run"), "{output:?}");
    assert_eq!(fs_err::read_to_string(ran).unwrap(), "x\n");
}
