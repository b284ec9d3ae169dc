//! `kill -9` at random moments of mlctl, an agent, a guard, a command: nothing is left, the state
//! can be read, the verdict is right.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, children, heavy, kill, stderr, stdout, wait_for};

const END: Duration = Duration::from_secs(60);

/// A part of CI ends after this long, with a round at least.
const TIME_BOX: Duration = Duration::from_secs(120);

/// What is killed in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gang {
    Plain,
    TwoWorkers,
    ParameterServers,
}

impl Gang {
    fn replicas(self) -> &'static [&'static str] {
        match self {
            Self::Plain => &["worker-0", "worker-1", "worker-2"],
            Self::TwoWorkers => &["worker-0", "worker-1"],
            Self::ParameterServers => &["chief-0", "worker-0", "worker-1", "ps-0", "evaluator-0"],
        }
    }

    /// The kill comes within this time.
    fn span(self) -> u64 {
        match self {
            Self::Plain => 1500,
            Self::TwoWorkers => 14_000,
            Self::ParameterServers => 25_000,
        }
    }

    /// Prepares the sandbox; the spec to train.
    fn spec(self, sandbox: &Sandbox) -> &'static str {
        match self {
            Self::Plain => {
                sandbox.write(
                    "mlctl.yaml",
                    "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: kill\n\
                     command: [sh, -c, 'setsid sleep 777 & sleep 4']\n\
                     roles: {worker: {replicas: 3}}\n",
                );
                "mlctl.yaml"
            }
            Self::TwoWorkers => {
                sandbox.example("digits");
                "digits/mlctl.yaml"
            }
            Self::ParameterServers => {
                sandbox.example("digits");
                "digits/parameter-server.yaml"
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Mlctl,
    Agent(&'static str),
    Guard(&'static str),
    Command(&'static str),
    AgentAndGuard(&'static str),
}

fn pids(sandbox: &Sandbox, victim: Victim) -> Vec<i32> {
    let guard = |replica| {
        children(sandbox.agent(replica)?).into_iter().find(|pid| {
            let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split(|b| *b == 0).nth(1) == Some(b"agent-guard")
        })
    };
    match victim {
        Victim::Mlctl => Vec::new(),
        Victim::Agent(replica) => sandbox.agent(replica).into_iter().collect(),
        Victim::Guard(replica) => guard(replica).into_iter().collect(),
        Victim::Command(replica) => {
            guard(replica).and_then(|guard| children(guard).first().copied()).into_iter().collect()
        }
        Victim::AgentAndGuard(replica) => {
            guard(replica).into_iter().chain(sandbox.agent(replica)).collect()
        }
    }
}

#[expect(clippy::print_stdout, reason = "the rounds of `just kill` are a report")]
fn round(gang: Gang, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let replicas = gang.replicas();
    let replica = replicas[random.usize(..replicas.len())];
    let victim = match random.u8(..6) {
        0 => Victim::Mlctl,
        1 => Victim::Agent(replica),
        2 => Victim::Agent(replicas[0]),
        3 => Victim::Guard(replica),
        4 => Victim::AgentAndGuard(replica),
        _ => Victim::Command(replica),
    };
    let sandbox = Sandbox::new();
    let spec = gang.spec(&sandbox);
    let sets = ["grace=1s", "startTimeout=60s", "retries.transientSignal=0"];
    let args = ["train", spec].into_iter().chain(sets.into_iter().flat_map(|set| ["--set", set]));
    let mut child = sandbox.mlctl(args).stderr(Stdio::null()).spawn().expect("mlctl");
    let mlctl = i32::try_from(child.id()).expect("pid");
    let moment = Duration::from_millis(random.u64(..gang.span()));
    let begin = Instant::now();
    let mut killed = false;
    if victim == Victim::Mlctl {
        wait_for("the moment has come", END, || begin.elapsed() >= moment);
        kill(mlctl);
    } else {
        wait_for("the victim is there", END * 2, || {
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
    let ending = Instant::now();
    let output = sandbox.mlctl(["wait", "--timeout", "120s"]).output().expect("wait");
    let code = output.status.code();
    let case = format!("{gang:?} seed {seed}, {victim:?} after {moment:?}: {}", stderr(&output));
    println!("{gang:?} seed {seed}: {victim:?} after {moment:?}: exit {code:?}");
    let expected: &[i32] = match victim {
        // Killed before anything was recorded: there is no run (4).
        Victim::Mlctl => &[0, 4, 14],
        _ if !killed => &[0],
        // The kill may come when the command has just ended well, or before the agent has joined.
        Victim::Agent(_) => &[0, 11, 14],
        // The agent may have told of its guard's end before it dies itself.
        Victim::AgentAndGuard(_) => &[0, 10, 11, 14],
        Victim::Guard(_) | Victim::Command(_) => &[0, 10],
    };
    assert!(code.is_some_and(|code| expected.contains(&code)), "exit {code:?}; {case}");
    if killed {
        assert!(ending.elapsed() < Duration::from_secs(50), "it took too long to end; {case}");
    }
    wait_for(&format!("nothing is left; {case}"), END, || {
        // Another look is what ends leftovers of an agent and a guard killed at once.
        let _ = sandbox.mlctl(["list"]).output();
        sandbox.processes().is_empty()
    });
    if matches!(code, Some(10 | 11 | 14)) {
        let why = stdout(&sandbox.run(0, ["why"]));
        let named = match victim {
            Victim::Agent(replica)
            | Victim::Guard(replica)
            | Victim::AgentAndGuard(replica)
            | Victim::Command(replica) => replica,
            Victim::Mlctl => "",
        };
        // The second line is the first failure; further down others are named too.
        let first = why.lines().take(3).collect::<Vec<_>>().join("\n");
        assert!(first.contains(named), "the first failure is {named}; {case}\n{why}");
    }
    sandbox.run(0, ["state", "check"]);
}

/// `rounds` of CI within the time box, or half of `MLCTL_KILL_ROUNDS`.
fn rounds(rounds: u64, gang: impl Fn(u64) -> Gang) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let asked = number("MLCTL_KILL_ROUNDS").map(|rounds| rounds.div_ceil(2));
    let seed = number("MLCTL_KILL_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000));
    let begin = Instant::now();
    for n in 0..asked.unwrap_or(rounds) {
        if asked.is_none() && n > 0 && begin.elapsed() > TIME_BOX {
            break;
        }
        round(gang(n), seed + n);
    }
}

#[test]
fn random_kills() {
    rounds(8, |_| Gang::Plain);
}

#[test]
fn random_kills_of_tensorflow() {
    let _alone = heavy();
    rounds(4, |n| if n % 2 == 0 { Gang::TwoWorkers } else { Gang::ParameterServers });
}
