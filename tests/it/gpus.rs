//! `mlctl gpus` on this machine, and what `gpus split` prints.

use std::process::Output;
use std::time::Duration;

use insta::assert_snapshot;

use crate::support::{Sandbox, stderr, stdout, wait_for};

/// A home whose nvidia-smi is this script: the answers have the form of the real one's.
struct Machine {
    sandbox: Sandbox,
    path: String,
}

/// An A100 in two slices and an L4, as driver 550 lists them.
const TWO: &str = r#"#!/bin/sh
case "$*" in
*--query-gpu=*)
    echo '0, GPU-aaaa, NVIDIA A100-SXM4-40GB, 550.54.15, 40960, 1250, [N/A], Enabled'
    echo '1, GPU-bbbb, NVIDIA L4, 550.54.15, 23034, 1024, 35, [N/A]' ;;
*--query-compute-apps=*)
    echo 'GPU-bbbb, 4321, /usr/bin/python3, 1000'
    echo 'GPU-bbbb, 77, [Insufficient Permissions], [N/A]' ;;
-L)
    echo 'GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa)'
    echo '  MIG 3g.20gb     Device  0: (UUID: MIG-1111)'
    echo '  MIG 1g.5gb      Device  1: (UUID: MIG-2222)'
    echo 'GPU 1: NVIDIA L4 (UUID: GPU-bbbb)' ;;
-q*)
    echo
    echo '==============NVSMI LOG=============='
    echo 'Driver Version                            : 550.54.15'
    echo 'CUDA Version                              : 12.4' ;;
*) exit 2 ;;
esac
"#;

impl Machine {
    fn new(script: &str) -> Self {
        use fs_err::os::unix::fs::OpenOptionsExt;
        let sandbox = Sandbox::new();
        let bin = sandbox.dir().join("bin");
        fs_err::create_dir_all(&bin).expect("bin");
        let mut options = fs_err::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o755);
        let mut file = file.open(bin.join("nvidia-smi")).expect("nvidia-smi");
        std::io::Write::write_all(&mut file, script.as_bytes()).expect("nvidia-smi");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH"));
        Self { sandbox, path }
    }

    fn run(&self, args: &[&str]) -> Output {
        self.sandbox.mlctl(args).env("PATH", &self.path).output().expect("mlctl")
    }

    #[track_caller]
    fn json(&self, args: &[&str]) -> serde_json::Value {
        let output = self.run(&[args, &["-o", "json"]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_str(&stdout(&output)).expect("JSON")
    }
}

#[test]
fn what_nvidia_smi_says_is_shown() {
    let machine = Machine::new(TWO);
    let output = machine.run(&["gpus"]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    assert_snapshot!(stdout(&output));
    let document = machine.json(&["gpus"]);
    assert_eq!(document["schemaVersion"], 1);
    assert_eq!(document["runtime"], "local");
    assert_eq!(document["cuda"], "12.4");
    assert_eq!(document["gpus"][0]["slices"][1]["uuid"], "MIG-2222");
    assert_eq!(document["gpus"][1]["processes"][0]["memory"], 1000 << 20);
    assert_eq!(document["gpus"][1]["processes"][1]["memory"], serde_json::Value::Null);
    assert_eq!(document["gpus"][1]["memoryUsed"], 1024 << 20);
}

#[test]
fn a_lease_names_its_run_until_the_run_has_ended() {
    let machine = Machine::new(TWO);
    machine.sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: leased\ngrace: 1s\n\
         command: [sh, -c, 'echo up; sleep 600']\naccelerators: {type: nvidia-l4, count: 1}\n",
    );
    let run = stdout(&machine.run(&["train", "-d"])).trim().to_owned();
    assert!(run.starts_with("leased-"), "{run}");
    let leased = || machine.json(&["gpus"])["gpus"][1]["run"].clone();
    assert_eq!(leased(), run.as_str());
    assert_eq!(machine.json(&["gpus"])["gpus"][0]["run"], serde_json::Value::Null);
    // Killed, it gives nothing back by itself; nobody is shown as the holder all the same.
    machine.sandbox.processes().into_iter().for_each(crate::support::kill);
    wait_for("nobody has it", Duration::from_secs(20), || leased().is_null());
}

#[test]
fn a_machine_without_a_gpu_says_so() {
    let sandbox = Sandbox::new();
    let without =
        |args: &[&str]| sandbox.mlctl(args).env("PATH", "/nowhere").output().expect("mlctl");
    let output = without(&["gpus"]);
    assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(0), ""));
    assert!(stderr(&output).contains("no nvidia-smi"), "{}", stderr(&output));
    let document: serde_json::Value =
        serde_json::from_str(&stdout(&without(&["gpus", "-o", "json"]))).expect("JSON");
    assert_eq!(document["gpus"], serde_json::json!([]));
    assert_eq!(document["driver"], serde_json::Value::Null);
}

#[test]
fn a_driver_that_fails_is_told_in_its_own_words() {
    let words = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.";
    let machine = Machine::new(&format!("#!/bin/sh\necho \"{words}\"\nexit 9\n"));
    let output = machine.run(&["gpus"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(stderr(&output).contains(words), "{}", stderr(&output));
}

#[test]
fn split_prints_what_an_admin_applies() {
    let sandbox = Sandbox::new();
    let split = ["gpus", "split", "--type"];
    let mig = split.iter().chain(&["nvidia-a100", "--mig", "1g.5gb=7", "--node", "gpu-0"]);
    let text = stdout(&sandbox.run(0, mig));
    for said in [
        "\"1g.5gb\": 7",
        "kubectl label node gpu-0 nvidia.com/mig.config=mlctl-nvidia-a100",
        "accelerators: {type: nvidia-mig-1g.5gb, count: 1}",
        "isolated",
    ] {
        assert!(text.contains(said), "`{said}` in {text}");
    }
    // What it says of the spec is true.
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: slice\nimage: x\ncommand: [x]\n\
         accelerators: {type: nvidia-mig-1g.5gb, count: 1}\n",
    );
    let mut render = sandbox.mlctl(["render"]);
    let rendered = render.env("MLCTL_RUNNER_IMAGE", "x").output().expect("mlctl");
    assert!(
        stdout(&rendered).contains("nvidia.com/mig-1g.5gb: '1'")
            || stdout(&rendered).contains("nvidia.com/mig-1g.5gb: \"1\""),
        "{}",
        stdout(&rendered)
    );
    let shares = split.iter().chain(&["nvidia-t4", "--time-slices", "4", "-o", "json"]);
    let document: serde_json::Value =
        serde_json::from_str(&stdout(&sandbox.run(0, shares))).expect("JSON");
    assert_eq!(document["type"], "nvidia-t4");
    assert!(document["manifest"].as_str().is_some_and(|text| text.contains("replicas: 4")));
}

#[test]
fn what_can_not_be_split_is_refused_with_a_way_out() {
    let sandbox = Sandbox::new();
    for (args, said, hint) in [
        (&["nvidia-t4", "--mig", "1g.5gb=2"][..], "has no MIG", "--time-slices"),
        (&["nvidia-a100", "--mig", "1g.6gb=2"], "it has 1g.5gb", "did you mean 1g.10gb?"),
        (&["nvidia-a100", "--mig", "3g.20gb=2,1g.5gb"], "9 of 8 memory slices", ""),
        (&["a100", "--mig", "1g.5gb=7"], "no type", "did you mean nvidia-a100?"),
        (&["nvidia-t4", "--time-slices", "1"], "from 2 to", ""),
        (&["nvidia-t4"], "--mig <PROFILE=COUNT>", ""),
        (&["nvidia-t4", "--mig", "1g.5gb=0"], "PROFILE=COUNT", ""),
    ] {
        let text = stderr(&sandbox.run(2, ["gpus", "split", "--type"].iter().chain(args)));
        assert!(text.contains(said) && text.contains(hint), "{args:?}: {text}");
    }
}
