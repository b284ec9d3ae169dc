//! What of a GPU's memory is used, by whom, and what is said when there is none left.

use std::time::Duration;

use crate::support::gpus::GpuMachine;
use crate::support::{stdout, wait_for};

const END: Duration = Duration::from_secs(60);

#[test]
fn what_others_hold_on_a_leased_gpu_is_said() {
    let machine = GpuMachine::new(2);
    machine.says("use.csv", "GPU-a, 57344, 81920, 90\n");
    machine.says("apps.csv", "GPU-a, 4321, /usr/bin/python3, 57340\n");
    machine.spec("one", 1, 1, "true");
    let said = machine.said(0, &["train", "one.yaml"], &[]);
    let line = "GPU 0 (NVIDIA L4): 56.0 GiB of 80.0 GiB are in use already, by what has not leased it: pid 4321 \
                /usr/bin/python3 56.0 GiB";
    assert!(said.contains(line), "{said}");
    // A container shows no processes of others.
    machine.says("apps.csv", "");
    let said = machine.said(0, &["train", "one.yaml"], &[]);
    assert!(said.contains("leased it: processes that nvidia-smi doesn't show here"), "{said}");
    let said = machine.said(0, &["train", "one.yaml"], &[("CUDA_VISIBLE_DEVICES", "1")]);
    assert!(!said.contains("in use already"), "{said}");
}

#[test]
fn status_shows_what_each_replica_uses() {
    let machine = GpuMachine::new(1);
    machine.says("use.csv", "GPU-a, 20480, 22528, 87\n");
    let apps = machine.sandbox.dir().join("bin/apps.csv");
    let uses = format!("echo \"GPU-a, $$$$, python3, 8192\" > {}; sleep 600", apps.display());
    machine.spec("one", 1, 1, &uses);
    let run = machine.start("one.yaml");
    let mut replica = serde_json::Value::Null;
    wait_for("its memory is seen", END, || {
        replica = machine.json(&["status", &run])["view"]["replicas"][0].clone();
        replica["usage"]["acceleratorMemory"] == 8_u64 << 30
    });
    assert_eq!(replica["usage"]["accelerators"], 0.87);
    assert_eq!(replica["usage"]["acceleratorMemoryTotal"], 22_u64 << 30);
    let table = stdout(&machine.run(&["status", &run]));
    assert!(table.contains("GPU") && table.contains("87% 8.0 GiB"), "{table}");
    assert!(machine.run(&["cancel", &run]).status.success());
    let replica = machine.json(&["status", &run])["view"]["replicas"][0].clone();
    assert_eq!(replica["peakAcceleratorMemory"], 8_u64 << 30);
    let table = stdout(&machine.run(&["status", &run]));
    assert!(table.contains("peak 8.0 GiB"), "{table}");
}

#[test]
fn out_of_gpu_memory_has_one_reason_and_one_piece_of_advice() {
    let machine = GpuMachine::new(1);
    machine.says("use.csv", "GPU-a, 20480, 22528, 87\n");
    machine.says("apps.csv", "GPU-a, 4321, /usr/bin/python3, 20000\n");
    let long = "x".repeat(300);
    for words in [
        format!("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB. {long}"),
        "jax.errors.JaxRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 9 bytes.".into(),
        "tensorflow.python.framework.errors_impl.ResourceExhaustedError: OOM when allocating tensor".into(),
    ] {
        let command = format!(
            "sleep 3; echo \"Traceback (most recent call last):\" >&2; echo \"{words}\" >&2; exit 1"
        );
        machine.spec("oom", 1, 1, &command);
        assert_eq!(machine.run(&["train", "oom.yaml"]).status.code(), Some(10));
        let why = machine.json(&["why"]);
        let next = why["next"].as_array().expect("advice");
        assert_eq!(next.len(), 1, "{why}");
        assert!(next[0].as_str().is_some_and(|text| text.contains("use a smaller batch")), "{why}");
        let cause = why["causes"][0]["text"].as_str().unwrap_or_default();
        assert!(cause.starts_with("exit code 1: out of GPU memory; 20.0 of 22.0 GiB were in use"), "{why}");
        assert!(cause.contains("19.5 GiB by pid 4321 (/usr/bin/python3)"), "{why}");
        assert_eq!(why["causes"][0]["class"], "userError");
    }
}
