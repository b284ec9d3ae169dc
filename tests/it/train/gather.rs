//! Cancelled or killed while the gang gathers: nobody waits for what won't come.

use std::time::{Duration, Instant};

use crate::support::{Sandbox, kill, stderr, stdout, wait_for};

const END: Duration = Duration::from_secs(40);

/// Long before `startTimeout` is over.
const SOON: Duration = Duration::from_secs(15);

fn gang(sandbox: &Sandbox, more: &str) {
    sandbox.write(
        "mlctl.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: gather\ngrace: 1s\n\
             command: [sleep, '600']\nroles: {{worker: {{replicas: 4}}}}\n{more}"
        ),
    );
}

/// A set-up that takes long.
const SLOW: &str = "setup: {shell: 'echo setting up; sleep 500'}\n";

fn set_up(sandbox: &Sandbox) {
    gang(sandbox, SLOW);
    sandbox.run(0, ["train", "-d"]);
    wait_for("every replica sets up", END, || {
        let logs = stdout(&sandbox.mlctl(["logs"]).output().expect("logs"));
        logs.matches("setting up").count() == 4
    });
}

#[test]
fn cancel_as_the_gang_gathers() {
    for round in 0..12 {
        let sandbox = Sandbox::new();
        gang(&sandbox, "");
        sandbox.run(0, ["train", "-d"]);
        std::thread::sleep(Duration::from_millis(round * 15));
        let begin = Instant::now();
        let output = sandbox.run(0, ["cancel"]);
        let took = begin.elapsed();
        assert!(took < SOON, "round {round}: cancel took {took:?}: {}", stderr(&output));
        sandbox.wait_until_empty(SOON);
        sandbox.run(12, ["wait"]);
    }
}

#[test]
fn cancel_during_set_up() {
    let sandbox = Sandbox::new();
    set_up(&sandbox);
    let begin = Instant::now();
    sandbox.run(0, ["cancel"]);
    assert!(begin.elapsed() < SOON, "cancel took {:?}", begin.elapsed());
    sandbox.wait_until_empty(SOON);
    sandbox.run(12, ["wait"]);
}

#[test]
fn an_agent_that_dies_before_it_joins_ends_the_gathering() {
    // Without worker 2 the gang can't start; without worker 0 nobody is left to say so.
    for (victim, code) in [("worker-2", 14), ("worker-0", 11)] {
        let sandbox = Sandbox::new();
        set_up(&sandbox);
        kill(sandbox.agent(victim).expect("an agent"));
        let begin = Instant::now();
        let output = sandbox.run(code, ["wait", "--timeout", "40s"]);
        let said = stderr(&output);
        assert!(begin.elapsed() < SOON, "{victim}: {:?}: {said}", begin.elapsed());
        let why = stdout(&sandbox.run(0, ["why"]));
        assert!(why.lines().take(3).any(|line| line.contains(victim)), "{victim}: {why}");
        sandbox.wait_until_empty(SOON);
    }
}
