//! Waiting for a GPU that another run holds.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::support::gpus::GpuMachine;
use crate::support::{both, kill, repository, stdout, wait_for};

const END: Duration = Duration::from_secs(60);
const HOLD: &str = "echo up; sleep 600";

fn states(machine: &GpuMachine) -> Vec<(String, String)> {
    let document = machine.json(&["list"]);
    let runs = document["runs"].as_array().cloned().unwrap_or_default();
    let word =
        |run: &serde_json::Value, name: &str| run[name].as_str().unwrap_or_default().to_owned();
    runs.iter().map(|run| (word(run, "id"), word(run, "state"))).collect()
}

fn waiting(machine: &GpuMachine, spec: &str, flag: &str) -> (Child, String) {
    let args = ["train", spec, flag];
    let given = args.len() - usize::from(flag.is_empty());
    waiting_for(machine, &args[..given])
}

fn waiting_for(machine: &GpuMachine, args: &[&str]) -> (Child, String) {
    let before: Vec<String> = states(machine).into_iter().map(|(run, _)| run).collect();
    let mut command = machine.mlctl(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("mlctl");
    let mut run = String::new();
    wait_for("it waits", END, || {
        let new = states(machine)
            .into_iter()
            .find(|(run, state)| !before.contains(run) && state == "pending");
        new.is_some_and(|(id, _)| {
            run = id;
            true
        })
    });
    (child, run)
}

fn told(child: Child) -> (Option<i32>, String) {
    let output = child.wait_with_output().expect("mlctl");
    let said = both(&output).split_whitespace().collect::<Vec<_>>().join(" ");
    (output.status.code(), said)
}

#[test]
fn a_refusal_leaves_no_run_behind() {
    let machine = GpuMachine::new(1);
    machine.spec("hold", 1, 1, HOLD);
    machine.spec("other", 1, 1, "true");
    let hold = machine.start("hold.yaml");
    for _ in 0..3 {
        let said = machine.said(5, &["train", "other.yaml"], &[]);
        assert!(said.contains(&hold) && said.contains("--wait"), "{said}");
    }
    assert_eq!(states(&machine), [(hold.clone(), "running".to_owned())]);
    assert!(machine.run(&["cancel", &hold]).status.success());
}

#[test]
fn runs_wait_in_order_and_each_gets_it_once() {
    let machine = GpuMachine::new(1);
    machine.spec("hold", 1, 1, HOLD);
    machine.spec("next", 1, 1, "echo got $CUDA_VISIBLE_DEVICES");
    let hold = machine.start("hold.yaml");
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(waiting(&machine, "next.yaml", "--wait"));
    }
    // One that doesn't wait passes nobody who does.
    let said = machine.said(5, &["train", "next.yaml"], &[]);
    assert!(said.contains(&format!("{} (waits)", all[0].1)), "{said}");
    let status = stdout(&machine.run(&["status", &all[1].1]));
    assert!(status.contains(&hold) && status.contains(&all[0].1), "{status}");
    let why = stdout(&machine.run(&["why", &all[1].1]));
    assert!(why.contains(&hold), "{why}");
    // A waiter that is killed holds nobody up, and its run is over.
    let (mut dead, dead_run) = all.remove(1);
    kill(i32::try_from(dead.id()).expect("a pid"));
    dead.wait().expect("reaped");
    assert!(machine.run(&["cancel", &hold]).status.success());
    let mut starts = Vec::new();
    for (child, run) in all {
        let (code, said) = told(child);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("got GPU-a"), "{said}");
        let status = machine.json(&["status", &run]);
        let of = |name: &str| status["view"][name].as_str().expect("a time").to_owned();
        starts.push((of("started"), of("ended")));
    }
    for pair in starts.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "two at once, or out of order: {starts:?}");
    }
    let over = (dead_run, "couldNotStart".to_owned());
    wait_for("its run is over", END, || states(&machine).contains(&over));
    let leases = machine.sandbox.state().join("leases/waiting");
    assert_eq!(fs_err::read_dir(leases).expect("the queue").count(), 0);
}

#[test]
fn cancel_and_signals_end_a_wait() {
    let machine = GpuMachine::new(1);
    machine.spec("hold", 1, 1, HOLD);
    machine.spec("next", 1, 1, "true");
    let hold = machine.start("hold.yaml");
    let (child, run) = waiting(&machine, "next.yaml", "--wait=2h");
    assert!(machine.run(&["cancel", &run]).status.success());
    let (code, said) = told(child);
    assert_eq!(code, Some(12), "{said}");
    assert!(said.contains("cancelled by tester while it waited"), "{said}");
    for signal in ["-INT", "-HUP"] {
        let (child, run) = waiting(&machine, "next.yaml", "--wait");
        let sent =
            std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let (code, said) = told(child);
        assert_eq!(code, Some(12), "{said}");
        assert!(states(&machine).contains(&(run, "cancelled".to_owned())), "{said}");
    }
    assert!(machine.run(&["cancel", &hold]).status.success());
}

#[test]
fn a_waiter_that_was_stopped_is_passed_and_keeps_its_place() {
    let machine = GpuMachine::new(1);
    machine.spec("hold", 1, 1, HOLD);
    machine.spec("next", 1, 1, "echo got $CUDA_VISIBLE_DEVICES");
    let hold = machine.start("hold.yaml");
    let signal = |child: &Child, name: &str| {
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args([name, &child.id().to_string()]).status().expect("kill").success());
    };
    let (first, _) = waiting(&machine, "next.yaml", "--wait");
    let (second, _) = waiting(&machine, "next.yaml", "--wait");
    // As Ctrl-Z does.
    signal(&first, "-STOP");
    assert!(machine.run(&["cancel", &hold]).status.success());
    let (code, said) = told(second);
    assert!(code == Some(0) && said.contains("got GPU-a"), "{said}");
    signal(&first, "-CONT");
    let (code, said) = told(first);
    assert!(code == Some(0) && said.contains("got GPU-a"), "{said}");
}

#[test]
fn a_wait_has_an_end() {
    let machine = GpuMachine::new(1);
    machine.spec("hold", 1, 1, HOLD);
    machine.spec("next", 1, 1, "true");
    let hold = machine.start("hold.yaml");
    let said = machine.said(5, &["train", "--wait=1s", "next.yaml"], &[]);
    assert!(said.contains("it has waited 1s") && said.contains(&hold), "{said}");
    // What could never start is not waited for.
    machine.spec("large", 1, 2, "true");
    let said = machine.said(5, &["train", "--wait", "large.yaml"], &[]);
    assert!(said.contains("2 x nvidia-l4 wanted"), "{said}");
    assert!(machine.run(&["cancel", &hold]).status.success());
}

/// A spec with a queue waits on a laptop as it would in a cluster.
#[test]
fn a_queue_in_the_spec_waits() {
    let machine = GpuMachine::new(1);
    machine.spec("hold", 1, 1, HOLD);
    machine.spec("next", 1, 1, "echo got $CUDA_VISIBLE_DEVICES");
    let path = machine.sandbox.dir().join("next.yaml");
    let spec = fs_err::read_to_string(&path).expect("a spec");
    fs_err::write(&path, format!("{spec}queue: gpus\n")).expect("a spec");
    let hold = machine.start("hold.yaml");
    let (child, _) = waiting(&machine, "next.yaml", "");
    assert!(machine.run(&["cancel", &hold]).status.success());
    let (code, said) = told(child);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("got GPU-a") && !said.contains("no use for queue"), "{said}");
}

#[test]
fn a_batch_prediction_waits_as_training_does() {
    let machine = GpuMachine::new(1);
    machine.spec("hold", 1, 1, HOLD);
    let server = repository().join("tests/it/batch/server.py");
    fs_err::copy(server, machine.sandbox.dir().join("server.py")).expect("server");
    machine.sandbox.write("in/a.jsonl", "{\"x\": 1}\n");
    machine.sandbox.write(
        "batch.yaml",
        "apiVersion: mlctl.dev/v1\nkind: BatchPredictJob\nname: rows\ncode: .\nmodel:\n  server: \
         tensorflow-serving\n  command: [python3, server.py, '{port}']\ninput: in/*.jsonl\noutput: out\n\
         accelerators: {type: nvidia-l4, count: 1}\n",
    );
    let hold = machine.start("hold.yaml");
    let said = machine.said(5, &["batch-predict", "batch.yaml"], &[]);
    assert!(said.contains(&hold) && said.contains("--wait"), "{said}");
    let (child, run) = waiting_for(&machine, &["batch-predict", "batch.yaml", "--wait=2h"]);
    assert!(machine.run(&["cancel", &run]).status.success());
    let (code, said) = told(child);
    assert_eq!(code, Some(12), "{said}");
    let (child, _) = waiting_for(&machine, &["batch-predict", "batch.yaml", "--wait"]);
    assert!(machine.run(&["cancel", &hold]).status.success());
    let (code, said) = told(child);
    assert_eq!(code, Some(0), "{said}");
    let results = machine.sandbox.dir().join("out/prediction.results-00000-of-00001");
    assert_eq!(fs_err::read_to_string(results).expect("results").lines().count(), 1);
}
