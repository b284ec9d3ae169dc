//! GPUs: found by nvidia-smi, leased to one run at a time, shown to the command.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use crate::support::{Sandbox, both, stderr, stdout, wait_for};

const END: Duration = Duration::from_secs(40);

/// A machine whose nvidia-smi lists these, all but idle.
struct Machine {
    sandbox: Sandbox,
    path: String,
}

impl Machine {
    fn new(gpus: &str) -> Self {
        use fs_err::os::unix::fs::OpenOptionsExt;
        let sandbox = Sandbox::new();
        let bin: PathBuf = sandbox.dir().join("bin");
        fs_err::create_dir_all(&bin).expect("bin");
        let mut options = fs_err::OpenOptions::new();
        let lines = gpus.lines().enumerate();
        let listed: String = lines
            .map(|(index, gpu)| format!("{index}, {gpu}, 580.95.05, 23034, 4, 3, [N/A]\n"))
            .collect();
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in\n*query-gpu=index*) ;;\n*) echo 3; exit ;;\nesac\n\
             cat <<'END'\n{listed}END\n"
        );
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o755)
            .open(bin.join("nvidia-smi"))
            .expect("nvidia-smi");
        std::io::Write::write_all(&mut file, script.as_bytes()).expect("nvidia-smi");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH"));
        Self { sandbox, path }
    }

    fn spec(&self, name: &str, kind: &str, count: u32, replicas: u32, command: &str) {
        self.sandbox.write(
            &format!("{name}.yaml"),
            &format!(
                "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: {name}\ngrace: 1s\n\
                 command: [sh, -c, '{command}']\nroles:\n  worker:\n    replicas: {replicas}\n\
                 \x20   accelerators: {{type: {kind}, count: {count}}}\n"
            ),
        );
    }

    fn run(&self, args: &[&str]) -> Output {
        self.sandbox.mlctl(args).env("PATH", &self.path).output().expect("mlctl")
    }
}

const FOUR: &str =
    "GPU-a, NVIDIA L4\nGPU-b, NVIDIA L4\nGPU-c, NVIDIA L4\nGPU-d, NVIDIA A100-SXM4-80GB\n";

#[test]
fn each_replica_sees_its_own() {
    let machine = Machine::new(FOUR);
    machine.spec("own", "nvidia-l4", 1, 2, "echo sees $CUDA_VISIBLE_DEVICES");
    let output = machine.run(&["train", "own.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let sees = |replica| {
        let output = machine.run(&["logs", "--replica", replica]);
        stdout(&output).trim().to_owned()
    };
    let (one, two) = (sees("worker-0"), sees("worker-1"));
    assert_ne!(one, two);
    for seen in [&one, &two] {
        assert!(["sees GPU-a", "sees GPU-b", "sees GPU-c"].contains(&seen.as_str()), "{seen}");
    }
    machine.spec("big", "nvidia-a100-80gb", 1, 1, "echo sees $CUDA_VISIBLE_DEVICES");
    let output = machine.run(&["train", "big.yaml"]);
    assert!(both(&output).contains("sees GPU-d"), "{}", both(&output));
}

#[test]
fn two_runs_never_share_one() {
    let machine = Machine::new(FOUR);
    machine.spec("first", "nvidia-l4", 2, 1, "echo sees $CUDA_VISIBLE_DEVICES; sleep 600");
    machine.spec("second", "nvidia-l4", 2, 1, "echo sees $CUDA_VISIBLE_DEVICES");
    let first = machine.run(&["train", "-d", "first.yaml"]);
    let first = stdout(&first).trim().to_owned();
    let sees = |run: &str| -> BTreeSet<String> {
        let logs = stdout(&machine.run(&["logs", run]));
        let words = logs.split(|c: char| c.is_whitespace() || c == ',');
        words.filter(|word| word.starts_with("GPU-")).map(str::to_owned).collect()
    };
    wait_for("the first runs", END, || !sees(&first).is_empty());
    assert_eq!(sees(&first).len(), 2);
    let refused = machine.run(&["train", "second.yaml"]);
    assert_eq!(refused.status.code(), Some(5), "{}", stderr(&refused));
    let said = stderr(&refused).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("2 x nvidia-l4 wanted, 1 free") && said.contains(&first), "{said}");
    // What the refused one had taken is free again, and so is all when the first is cancelled.
    machine.spec("third", "nvidia-l4", 1, 1, "echo sees $CUDA_VISIBLE_DEVICES");
    let third = machine.run(&["train", "third.yaml"]);
    assert_eq!(third.status.code(), Some(0), "{}", stderr(&third));
    let left = sees("third");
    assert!(left.len() == 1 && left.is_disjoint(&sees(&first)), "{left:?}");
    assert_eq!(machine.run(&["cancel", &first]).status.code(), Some(0));
    let second = machine.run(&["train", "second.yaml"]);
    assert_eq!(second.status.code(), Some(0), "{}", stderr(&second));
    assert_eq!(sees("second").len(), 2);
}

/// `kill -9` of everything that held a GPU gives it back.
#[test]
fn a_killed_run_gives_its_gpus_back() {
    let machine = Machine::new("GPU-a, NVIDIA L4\n");
    machine.spec("first", "nvidia-l4", 1, 1, "echo up; sleep 600");
    machine.spec("second", "nvidia", 1, 1, "echo sees $CUDA_VISIBLE_DEVICES");
    let first = machine.run(&["train", "-d", "first.yaml"]);
    let first = stdout(&first).trim().to_owned();
    wait_for("the first runs", END, || stdout(&machine.run(&["logs", &first])).contains("up"));
    machine.sandbox.processes().into_iter().for_each(crate::support::kill);
    let second = machine.run(&["train", "second.yaml"]);
    assert_eq!(second.status.code(), Some(0), "{}", stderr(&second));
    assert!(both(&second).contains("sees GPU-a"), "{}", both(&second));
}

/// Too few or of another kind: an error that names what is here; a warning with `--allow-cpu`, and
/// then no GPU at all is shown to the command.
#[test]
fn the_wrong_gpus_are_named() {
    let machine = Machine::new("GPU-a, NVIDIA L4\n");
    machine.spec("wrong", "nvidia-a100", 1, 1, "echo sees [$CUDA_VISIBLE_DEVICES]");
    let refused = machine.run(&["train", "wrong.yaml"]);
    assert_eq!(refused.status.code(), Some(5));
    let said = stderr(&refused).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("1 x nvidia-a100 wanted, this machine has NVIDIA L4"), "{said}");
    let allowed = machine.run(&["train", "--allow-cpu", "wrong.yaml"]);
    assert_eq!(allowed.status.code(), Some(0), "{}", stderr(&allowed));
    assert!(both(&allowed).contains("sees []"), "{}", both(&allowed));
}

#[test]
fn idle_accelerators_are_waste() {
    let machine = Machine::new(FOUR);
    machine.spec("idle", "nvidia-l4", 2, 1, "sleep 7");
    assert!(machine.run(&["train", "idle.yaml"]).status.success());
    let output = machine.run(&["cost", "-o", "json"]);
    let cost: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
    let hours = |value: &serde_json::Value| value.as_f64().expect("hours");
    let bill = &cost["all"];
    let held = hours(&bill["replicaHours"]);
    let accelerators = hours(&bill["acceleratorHours"]["nvidia-l4"]);
    // Sums of several stretches, each rounded.
    assert!((accelerators - 2.0 * held).abs() < 1e-9, "{cost}");
    let idle = hours(&bill["wasted"]["idleAccelerators"]["hours"]);
    assert!(idle >= 2.0 / 3600.0 && idle < held, "{cost}");
}
