//! `kill -9` at random moments of mlctl, an agent, a guard, a command: nothing is left, the state
//! can be read, the verdict is right.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, stderr, stdout, wait_for};

const END: Duration = Duration::from_secs(60);

/// Rounds in the tests; `just kill` takes more.
const ROUNDS: u32 = 8;

/// A part of CI ends after this long, with a round at least.
const TIME_BOX: Duration = Duration::from_secs(150);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Mlctl,
    Agent(usize),
    Guard(usize),
    Command(usize),
    AgentAndGuard(usize),
}

fn spec(sandbox: &Sandbox) {
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: kill\ngrace: 1s\nstartTimeout: 10s\n\
         command: [sh, -c, 'setsid sleep 777 & sleep 4']\n\
         retries: {transientSignal: 0}\nroles: {worker: {replicas: 3}}\n",
    );
}

fn pids(sandbox: &Sandbox, what: Victim) -> Vec<i32> {
    let agent = |index: usize| -> Option<i32> {
        let config = format!("worker-{index}.json");
        sandbox.processes().into_iter().find(|pid| {
            let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let words: Vec<String> =
                line.split(|b| *b == 0).map(|w| String::from_utf8_lossy(w).into_owned()).collect();
            words.get(1).is_some_and(|word| word == "agent")
                && words.iter().any(|word| word.ends_with(&config))
        })
    };
    let children = |pid: i32| -> Vec<i32> {
        fs_err::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect()
    };
    // A guard is forked by a thread of the agent.
    let guard = |index: usize| -> Option<i32> {
        let agent = agent(index)?;
        let tasks = fs_err::read_dir(format!("/proc/{agent}/task")).ok()?;
        tasks
            .flatten()
            .flat_map(|task| {
                let path = task.path().join("children");
                fs_err::read_to_string(path)
                    .unwrap_or_default()
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .find_map(|pid| pid.parse().ok())
    };
    match what {
        Victim::Mlctl => Vec::new(),
        Victim::Agent(index) => agent(index).into_iter().collect(),
        Victim::Guard(index) => guard(index).into_iter().collect(),
        Victim::Command(index) => {
            guard(index).and_then(|guard| children(guard).first().copied()).into_iter().collect()
        }
        Victim::AgentAndGuard(index) => guard(index).into_iter().chain(agent(index)).collect(),
    }
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).expect("a pid");
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

fn round(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let index = random.usize(..3);
    let victim = match random.u8(..6) {
        0 => Victim::Mlctl,
        1 => Victim::Agent(index),
        2 => Victim::Agent(0),
        3 => Victim::Guard(index),
        4 => Victim::AgentAndGuard(index),
        _ => Victim::Command(index),
    };
    let sandbox = Sandbox::new();
    spec(&sandbox);
    let mut child = sandbox.mlctl(["train"]).stderr(Stdio::null()).spawn().expect("mlctl");
    let mlctl = i32::try_from(child.id()).expect("pid");
    let moment = Duration::from_millis(random.u64(..1500));
    let begin = Instant::now();
    let mut killed = false;
    if victim == Victim::Mlctl {
        wait_for("the moment has come", END, || begin.elapsed() >= moment);
        kill(mlctl);
    } else {
        wait_for("the victim is there", END, || {
            let found = pids(&sandbox, victim);
            let ready = !found.is_empty() && begin.elapsed() >= moment;
            if ready {
                found.iter().for_each(|pid| kill(*pid));
                killed = true;
            }
            ready || child.try_wait().expect("mlctl").is_some()
        });
    }
    child.wait().expect("mlctl ends");
    let output = sandbox.mlctl(["wait", "--timeout", "60s"]).output().expect("wait");
    let code = output.status.code();
    let case = format!("seed {seed}, {victim:?} after {moment:?}: {}", stderr(&output));
    let expected: &[i32] = match victim {
        // Killed before anything was recorded: there is no run (4).
        Victim::Mlctl => &[0, 4, 14],
        _ if !killed => &[0],
        // The kill may come when the command has just ended well, or before the agent has joined.
        Victim::Agent(_) | Victim::AgentAndGuard(_) => &[0, 11, 14],
        Victim::Guard(_) | Victim::Command(_) => &[0, 10],
    };
    assert!(code.is_some_and(|code| expected.contains(&code)), "exit {code:?}; {case}");
    wait_for(&format!("nothing is left; {case}"), END, || {
        // Another look is what ends leftovers of an agent and a guard killed at once.
        let _ = sandbox.mlctl(["list"]).output();
        sandbox.processes().is_empty()
    });
    if matches!(code, Some(10 | 11 | 14)) {
        let why = stdout(&sandbox.run(0, ["why"]));
        let named = match victim {
            Victim::Agent(index)
            | Victim::Guard(index)
            | Victim::AgentAndGuard(index)
            | Victim::Command(index) => format!("worker-{index}"),
            Victim::Mlctl => String::new(),
        };
        assert!(why.contains(&named), "the first failure is {named}; {case}\n{why}");
    }
    sandbox.run(0, ["state", "check"]);
}

#[test]
fn random_kills() {
    let rounds = std::env::var("MLCTL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok());
    let first = std::env::var("MLCTL_KILL_SEED").ok().and_then(|text| text.parse().ok());
    let seed = first.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let begin = Instant::now();
    for round_number in 0..u64::from(rounds.unwrap_or(ROUNDS)) {
        if rounds.is_none() && begin.elapsed() > TIME_BOX {
            break;
        }
        round(seed + round_number);
    }
}
