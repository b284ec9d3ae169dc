//! Kills at random moments.

use std::time::{Duration, Instant};

use super::strike::{Victim, strike};
use super::{END, judge, train};
use crate::support::{Sandbox, heavy, wait_for};

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
            Self::Plain => 2800,
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
                     command: [sh, -c, 'setsid sleep 777 & sleep 2']\n\
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
    // Half of the kills come while the gang is being started.
    let span = if random.bool() { 400 } else { gang.span() };
    let moment = Duration::from_millis(random.u64(..span));
    println!("{gang:?} seed {seed}: {victim:?} after {moment:?}");
    let sandbox = Sandbox::new();
    let spec = gang.spec(&sandbox);
    let begin = Instant::now();
    let mut child = train(&sandbox, spec);
    let mut blow = None;
    wait_for("the victim is there", END, || {
        if begin.elapsed() >= moment {
            blow = strike(&sandbox, victim, child.id());
        }
        blow.is_some() || child.try_wait().expect("mlctl").is_some()
    });
    let code = judge(&sandbox, child, replicas, victim, blow.as_ref());
    println!("{gang:?} seed {seed}: hit {}, exit {code}", blow.is_some());
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
