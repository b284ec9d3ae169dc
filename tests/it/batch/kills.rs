//! `kill -9` of whatever takes part in a batch prediction, at random moments.

use std::process::Stdio;
use std::time::Duration;

use super::whole::{every_row_once, job};
use crate::support::{Sandbox, stderr};

/// More processes than this are waited for before another command is given.
const CROWD: usize = 16;

/// Whatever is killed, and when: the same command again, also while agents of the last one go on, gives
/// every row once. `MLCTL_KILL_ROUNDS` says how many kills; a job has two shards for each, up to 200.
#[test]
fn every_row_is_there_once_whatever_is_killed() {
    let rounds = std::env::var("MLCTL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok());
    let rounds: usize = rounds.unwrap_or(6);
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    let sandbox = Sandbox::new();
    job(&sandbox, "", ", slow=0.05", "replicas: 2\nbatching: {maxBatchSize: 8, maxInFlight: 4}\n");
    let mut input = String::new();
    for file in 0..(2 * rounds).clamp(24, 200) {
        let text: String = (0..64).map(|x| format!("{{\"x\":{}.25}}\n", 100 * file + x)).collect();
        sandbox.write(&format!("in/part-{file:03}.jsonl"), &text);
        input.push_str(&text);
    }
    fs_err::remove_file(sandbox.dir().join("in/a.jsonl")).expect("the empty input");
    let output = sandbox.dir().join("out");
    let mut told = Vec::new();
    let check = |told: &[String]| {
        sandbox.wait_until_empty(Duration::from_secs(120));
        let run = sandbox.mlctl(["batch-predict"]).output().expect("mlctl");
        let story = || format!("seed {seed}\n{}\n{}", told.join("\n"), stderr(&run));
        assert_eq!(run.status.code(), Some(0), "{}", story());
        let found = std::panic::catch_unwind(|| every_row_once(&sandbox, &input));
        assert!(found.is_ok_and(|errors| errors.is_empty()), "{}", story());
    };
    for round in 0..rounds {
        let mut begun = sandbox.mlctl(["batch-predict"]);
        let mut begun = begun.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("mlctl");
        let moment = Duration::from_millis(random.u64(100..1500));
        std::thread::sleep(moment);
        let victims = sandbox.processes();
        if !victims.is_empty() {
            let pid = victims[random.usize(..victims.len())];
            let _ = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
            told.push(format!("round {round}: {pid} of {victims:?} after {moment:?}"));
        }
        if victims.len() > CROWD {
            sandbox.wait_until_empty(Duration::from_secs(120));
        }
        // The command watches its agents, which go on without it.
        let _ = begun.kill();
        let _ = begun.wait();
        if output.join("_mlctl/summary.json").exists() {
            check(&told);
            fs_err::remove_dir_all(&output).expect("the finished job");
        }
    }
    check(&told);
    sandbox.wait_until_empty(Duration::from_secs(20));
}
