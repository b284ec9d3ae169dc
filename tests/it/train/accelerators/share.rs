//! Who sees which GPU: those who ask, those who don't beside them, and more replicas than devices.

use std::time::Duration;

use crate::support::gpus::GpuMachine;
use crate::support::wait_for;

const END: Duration = Duration::from_secs(40);
const SEES: &str = "echo sees [${CUDA_VISIBLE_DEVICES-unset}]";

fn gang(machine: &GpuMachine, roles: &str) {
    machine.sandbox.write(
        "gang.yaml",
        &format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: gang\ngrace: 1s\n\
             command: [sh, -c, '{SEES} $XLA_PYTHON_CLIENT_MEM_FRACTION $TF_FORCE_GPU_ALLOW_GROWTH']\n\
             roles:\n{roles}"
        ),
    );
}

#[test]
fn who_asks_for_none_beside_others_sees_none() {
    let machine = GpuMachine::new(3);
    gang(
        &machine,
        "  worker: {replicas: 2, accelerators: {type: nvidia-l4, count: 1}}\n  ps: {replicas: 1}\n\
         \x20 evaluator: {replicas: 1}\n",
    );
    let said = machine.said(0, &["train", "gang.yaml"], &[]);
    for line in [
        "worker-0 | sees [GPU-a]",
        "worker-1 | sees [GPU-b]",
        "ps-0 | sees []",
        "evaluator-0 | sees []",
    ] {
        assert!(said.contains(line), "{said}");
    }
}

#[test]
fn where_nobody_asks_everybody_sees_what_is_free() {
    let machine = GpuMachine::new(2);
    machine.spec("cpu", 1, 0, SEES);
    let said = machine.said(0, &["train", "cpu.yaml"], &[]);
    assert!(said.contains("sees [unset]"), "{said}");
    assert!(
        said.contains("`accelerators: {type: nvidia, count: 1}` gives a role its own"),
        "{said}"
    );
    let said = machine.said(0, &["train", "cpu.yaml"], &[("CUDA_VISIBLE_DEVICES", "")]);
    assert!(!said.contains("asks for no accelerators"), "{said}");
    machine.spec("hold", 1, 1, "echo up; sleep 600");
    let hold = machine.start("hold.yaml");
    wait_for("it holds one", END, || machine.printed(&hold, "worker-0").contains("up"));
    let said = machine.said(0, &["train", "cpu.yaml"], &[]);
    assert!(said.contains("sees [GPU-b]"), "{said}");
    assert!(said.contains("sees the 1 of 2 GPUs that no run has leased"), "{said}");
    let said = machine.said(0, &["train", "cpu.yaml"], &[("CUDA_VISIBLE_DEVICES", "0")]);
    assert!(said.contains("sees []"), "{said}");
    // What is free can't be known, and so nothing is shown.
    machine.says("broken", "exit 9");
    let said = machine.said(0, &["train", "cpu.yaml"], &[]);
    assert!(said.contains("sees []") && said.contains("nvidia-smi failed"), "{said}");
    assert!(machine.run(&["cancel", &hold]).status.success());
}

#[test]
fn a_role_runs_on_gpus_or_on_the_cpu() {
    let machine = GpuMachine::new(3);
    gang(
        &machine,
        "  chief: {replicas: 1, accelerators: {type: nvidia-l4, count: 1}}\n\
         \x20 worker: {replicas: 4, accelerators: {type: nvidia-l4, count: 1}}\n",
    );
    let said = machine.said(5, &["train", "gang.yaml"], &[]);
    assert!(said.contains("role worker: 4 x nvidia-l4 wanted"), "{said}");
    assert!(!said.contains("role chief"), "{said}");
    let said = machine.said(0, &["train", "--allow-cpu", "gang.yaml"], &[]);
    assert!(said.contains("all its replicas run on the CPU"), "{said}");
    assert!(said.contains("chief-0 | sees [GPU-a]"), "{said}");
    for worker in 0..4 {
        assert!(said.contains(&format!("worker-{worker} | sees []")), "{said}");
    }
    // One that another run holds counts as missing too.
    machine.spec("hold", 1, 2, "echo up; sleep 600");
    machine.spec("two", 2, 1, SEES);
    let hold = machine.start("hold.yaml");
    let said = machine.said(0, &["train", "--allow-cpu", "two.yaml"], &[]);
    for worker in 0..2 {
        assert!(said.contains(&format!("worker-{worker} | sees []")), "{said}");
    }
    assert!(machine.run(&["cancel", &hold]).status.success());
}

#[test]
fn two_roles_are_not_promised_the_same_gpu() {
    let machine = GpuMachine::new(1);
    gang(
        &machine,
        "  chief: {replicas: 1, accelerators: {type: nvidia-l4, count: 1}}\n\
         \x20 worker: {replicas: 1, accelerators: {type: nvidia-l4, count: 1}}\n",
    );
    let said = machine.said(5, &["train", "--dry-run", "gang.yaml"], &[]);
    assert!(said.contains("other roles of this run take 1"), "{said}");
}

#[test]
fn a_large_gang_is_rehearsed_on_few_gpus() {
    let machine = GpuMachine::new(2);
    gang(&machine, "  worker: {replicas: 4, accelerators: {type: nvidia-l4, count: 1}}\n");
    let said = machine.said(0, &["train", "--share-gpus", "gang.yaml"], &[]);
    for (worker, gpu) in [(0, 'a'), (1, 'b'), (2, 'a'), (3, 'b')] {
        let line = format!("worker-{worker} | sees [GPU-{gpu}] 0.45 true");
        assert!(said.contains(&line), "{line}: {said}");
    }
    assert!(said.contains("NCCL refuses two ranks on one device"), "{said}");
    // JAX refuses both of its names at once.
    let said = machine.said(
        0,
        &["train", "--share-gpus", "gang.yaml"],
        &[("XLA_CLIENT_MEM_FRACTION", "0.1")],
    );
    assert!(said.contains("worker-0 | sees [GPU-a] true"), "{said}");
    // Enough of them are not shared.
    machine.spec("two", 2, 1, SEES);
    let said = machine.said(0, &["train", "--share-gpus", "two.yaml"], &[]);
    assert!(said.contains("sees [GPU-a]") && said.contains("sees [GPU-b]"), "{said}");
    assert!(!said.contains("NCCL"), "{said}");
}
