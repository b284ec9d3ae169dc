//! `kill -9` of mlctl, an agent, a guard, a command: nothing is left, the state can be read, and
//! the exit code is the one that follows from what had happened until then.

mod moments;
mod random;
mod story;
mod strike;

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use story::Story;
use strike::{Blow, Victim};

use crate::support::{Sandbox, stderr, stdout, wait_for};

/// Whatever is awaited comes within this time, on a machine that has much else to do.
const END: Duration = Duration::from_secs(120);

/// A gang that has lost somebody is over within this time, grace and clean-up included.
const OVER: Duration = Duration::from_secs(50);

/// Starts to train a spec and to follow it.
fn train(sandbox: &Sandbox, spec: &str) -> Child {
    let sets = ["grace=1s", "startTimeout=60s", "retries.transientSignal=0"];
    let args = ["train", spec].into_iter().chain(sets.into_iter().flat_map(|set| ["--set", set]));
    sandbox.mlctl(args).stderr(Stdio::null()).spawn().expect("mlctl")
}

/// Follows a run to its end and holds it against what the blow must have led to; returns its exit
/// code, which is the right one then. Without a blow the run had ended before.
fn judge(
    sandbox: &Sandbox,
    mut child: Child,
    replicas: &[&str],
    victim: Victim,
    blow: Option<&Blow>,
) -> i32 {
    let followed = child.wait().expect("mlctl ends").code();
    let ended = Instant::now();
    let output = sandbox.mlctl(["wait", "--timeout", "120s"]).output().expect("wait");
    let story = Story::read(sandbox, replicas);
    let right = story.right(victim, blow);
    let case = format!("{victim:?}: {}\n{}\n{story}", right.because, stderr(&output));
    assert_eq!(output.status.code(), Some(right.code), "{case}");
    if blow.is_none() || victim != Victim::Mlctl {
        // A submission that fails is a fault of this machine, and no run that ends.
        let code = if story.is_unsubmitted() { 1 } else { right.code };
        assert_eq!(followed, Some(code), "the exit code of who followed; {case}");
    }
    if let Some(blow) = blow.filter(|_| victim != Victim::Mlctl && right.code != 0) {
        let took = ended.duration_since(blow.at);
        assert!(took < OVER, "it took {took:?} to end; {case}");
    }
    wait_for(&format!("nothing is left; {case}"), END, || {
        // Another look is what ends leftovers of an agent and a guard killed at once.
        sandbox.run(0, ["list"]);
        sandbox.processes().is_empty()
    });
    assert_eq!(story.blamed(), right.blame, "{case}");
    if story.record.is_some() && right.code != 0 {
        let why = stdout(&sandbox.run(0, ["why"]));
        let headline = why.lines().next().unwrap_or_default();
        assert!(headline.contains(&right.headline), "{:?} in {why}; {case}", right.headline);
    }
    sandbox.run(0, ["state", "check"]);
    right.code
}
