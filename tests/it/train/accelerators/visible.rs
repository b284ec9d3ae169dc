//! What a user's `CUDA_VISIBLE_DEVICES` leaves to choose from, and a driver that doesn't answer.

use crate::support::gpus::GpuMachine;
use crate::support::{both, stderr, stdout};

const SEES: &str = "echo sees [$CUDA_VISIBLE_DEVICES]";
const NAME: &str = "CUDA_VISIBLE_DEVICES";

#[test]
fn leases_choose_within_what_the_shell_shows() {
    let machine = GpuMachine::new(3);
    machine.spec("one", 1, 1, SEES);
    for (value, sees) in [
        ("1", "GPU-b"),
        ("2,0", "GPU-c"),
        ("GPU-c", "GPU-c"),
        ("GPU-b,GPU-a", "GPU-b"),
        ("1,9,0", "GPU-b"),
    ] {
        let said = machine.said(0, &["train", "one.yaml"], &[(NAME, value)]);
        assert!(said.contains(&format!("sees [{sees}]")), "{value}: {said}");
        let hides = said.contains(
            "there is no GPU 9; by CUDA's rule that entry hides itself and all behind it",
        );
        assert_eq!(hides, value.contains('9'), "{said}");
    }
    for value in ["", "-1", "NoDevFiles", "9,0", "GPU-x", "0,0", "MIG-1"] {
        for args in [&["train", "one.yaml"][..], &["train", "--dry-run", "one.yaml"]] {
            let said = machine.said(5, args, &[(NAME, value)]);
            let why = format!("CUDA_VISIBLE_DEVICES={value} shows no GPU");
            assert!(said.contains(&why) && said.contains("--allow-cpu"), "{value}: {said}");
        }
        let said = machine.said(0, &["train", "--allow-cpu", "one.yaml"], &[(NAME, value)]);
        assert!(said.contains("sees []"), "{value}: {said}");
    }
    machine.spec("two", 2, 1, SEES);
    let said = machine.said(5, &["train", "two.yaml"], &[(NAME, "1")]);
    assert!(said.contains("CUDA_VISIBLE_DEVICES=1 shows 1 of 3 GPUs"), "{said}");
}

#[test]
fn a_choice_in_the_spec_goes_before_the_shells() {
    let machine = GpuMachine::new(3);
    machine.sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: own\ngrace: 1s\n\
         command: [sh, -c, 'echo sees [$CUDA_VISIBLE_DEVICES]']\nroles:\n\
         \x20 worker:\n    replicas: 2\n    accelerators: {type: nvidia, count: 1}\n\
         \x20   env: [{name: CUDA_VISIBLE_DEVICES, value: '2,1'}]\n\
         \x20 ps:\n    replicas: 1\n    env: [{name: CUDA_VISIBLE_DEVICES, value: '0'}]\n",
    );
    let said = machine.said(0, &["train"], &[(NAME, "0")]);
    for line in ["worker-0 | sees [GPU-c]", "worker-1 | sees [GPU-b]", "ps-0 | sees [0]"] {
        assert!(said.contains(line), "{said}");
    }
    assert!(said.contains("role ps asks for no accelerators and sees some all the same"), "{said}");
}

#[test]
fn slices_of_mig_are_devices() {
    let machine = GpuMachine::of("0, GPU-a, NVIDIA A100-SXM4-40GB, Enabled\n1, GPU-b, NVIDIA L4\n");
    machine.says(
        "list",
        "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-a)\n\
         \x20 MIG 3g.20gb     Device  0: (UUID: MIG-1111)\n\
         \x20 MIG 1g.5gb      Device  1: (UUID: MIG-2222)\nGPU 1: NVIDIA L4 (UUID: GPU-b)\n",
    );
    let spec = |kind: &str, count: u32| {
        machine.sandbox.write(
            "mlctl.yaml",
            &format!(
                "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: mig\ngrace: 1s\n\
                 command: [sh, -c, 'echo sees [$CUDA_VISIBLE_DEVICES]']\n\
                 accelerators: {{type: {kind}, count: {count}}}\n"
            ),
        );
    };
    spec("nvidia-mig-1g.5gb", 1);
    let said = machine.said(0, &["train"], &[]);
    assert!(said.contains("sees [MIG-2222]"), "{said}");
    spec("nvidia", 1);
    let said = machine.said(0, &["train"], &[(NAME, "MIG-2222")]);
    assert!(said.contains("sees [MIG-2222]"), "{said}");
    spec("nvidia-a100", 2);
    let said = machine.said(5, &["train"], &[]);
    assert!(said.contains("a process can use one MIG slice only"), "{said}");
}

#[test]
fn gpus_and_doctor_agree() {
    let machine = GpuMachine::new(3);
    let gpus = |value: &str| {
        let mut command = machine.mlctl(&["gpus", "-o", "json"]);
        let output = command.env(NAME, value).output().expect("mlctl");
        let document: serde_json::Value = serde_json::from_str(&stdout(&output)).expect("JSON");
        let hidden = document["gpus"].as_array().expect("GPUs").iter();
        let hidden: Vec<bool> = hidden.map(|gpu| gpu["hidden"] == true).collect();
        (hidden, both(&output))
    };
    let (hidden, said) = gpus("1,7");
    assert_eq!(hidden, [true, false, true]);
    assert!(said.contains("there is no GPU 7"), "{said}");
    let (hidden, said) = gpus("GPU-c");
    assert_eq!(hidden, [true, true, false]);
    assert!(said.contains("CUDA_VISIBLE_DEVICES=GPU-c shows 1 of 3 GPUs"), "{said}");
    let mut doctor = machine.mlctl(&["doctor", "--runtime", "local"]);
    let doctor = doctor.env(NAME, "-1").output().expect("mlctl");
    let doctor = stdout(&doctor).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(doctor.contains("CUDA_VISIBLE_DEVICES=-1 shows no GPU"), "{doctor}");
}

/// Whatever is wrong with a driver, `train`, `gpus` and `doctor` say it, and nobody says "no GPU".
#[test]
fn a_broken_driver_is_told_as_what_it_is() {
    let machine = GpuMachine::new(1);
    machine.spec("one", 1, 1, SEES);
    for (script, words) in [
        ("sleep 600", "gives no answer within 10 s: its driver hangs"),
        (
            "echo 'Driver/library version mismatch'; exit 18",
            "nvidia-smi failed: Driver/library version mismatch",
        ),
        ("exit 9", "nvidia-smi failed: exit status: 9"),
        ("kill -SEGV $$", "nvidia-smi failed: signal: 11"),
        ("echo '?? garbage'", "prints what is no list of GPUs: ?? garbage"),
        ("printf '\\0\\377\\n'", "prints what is no list of GPUs"),
    ] {
        machine.says("broken", script);
        for args in [
            &["train", "one.yaml"][..],
            &["train", "--dry-run", "one.yaml"],
            &["gpus"],
            &["doctor", "--runtime", "local"],
            &["train", "--allow-cpu", "one.yaml"],
        ] {
            let before = machine.asked();
            let output = machine.run(args);
            let said = format!("{} {}", stdout(&output), stderr(&output));
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(said.contains(words), "{args:?}: {said}");
            assert!(!said.contains("finds no GPU"), "{args:?}: {said}");
            // A driver that hangs is not waited for a second time.
            let asked = machine.asked() - before;
            assert!(!script.starts_with("sleep") || asked == 1, "{args:?}: {asked} questions");
        }
    }
}

#[test]
fn nobody_is_asked_where_nobody_asks() {
    let machine = GpuMachine::new(1);
    machine.says("broken", "sleep 600");
    machine.spec("cpu", 1, 0, "echo sees [${CUDA_VISIBLE_DEVICES-unset}]");
    let said = machine.said(0, &["train", "cpu.yaml"], &[]);
    assert!(said.contains("sees [unset]"), "{said}");
    assert_eq!(machine.asked(), 0);
}

/// The driver's words for a machine that has none are no failure of the driver.
#[test]
fn a_driver_without_a_gpu_says_so() {
    let machine = GpuMachine::of("");
    machine.spec("one", 1, 1, SEES);
    let said = machine.said(5, &["train", "one.yaml"], &[]);
    assert!(said.contains("nvidia-smi finds no GPU here"), "{said}");
    assert!(stderr(&machine.run(&["gpus"])).contains("nvidia-smi finds no GPU here"));
}
