//! A machine with GPUs: what its nvidia-smi says, and runs that ask for them.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::{Sandbox, both, stderr, stdout};

/// A sandbox whose nvidia-smi answers as the real one does.
pub struct GpuMachine {
    pub sandbox: Sandbox,
    path: String,
}

impl GpuMachine {
    /// A machine with so many L4, whose UUIDs are `GPU-a`, `GPU-b` and so on.
    pub fn new(count: usize) -> Self {
        let letters = "abcdefgh".chars().take(count).enumerate();
        let gpus: String =
            letters.map(|(index, letter)| format!("{index}, GPU-{letter}, NVIDIA L4\n")).collect();
        Self::of(&gpus)
    }

    /// A machine with these GPUs: lines of `index, uuid, name[, Enabled]`.
    pub fn of(gpus: &str) -> Self {
        use fs_err::os::unix::fs::OpenOptionsExt;
        let sandbox = Sandbox::new();
        let bin: PathBuf = sandbox.dir().join("bin");
        fs_err::create_dir_all(&bin).expect("bin");
        let mut options = fs_err::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o755);
        let mut file = file.open(bin.join("nvidia-smi")).expect("nvidia-smi");
        let script = include_str!("nvidia-smi");
        std::io::Write::write_all(&mut file, script.as_bytes()).expect("nvidia-smi");
        drop(file);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").expect("PATH"));
        let machine = Self { sandbox, path };
        machine.says("gpus.csv", gpus);
        machine
    }

    /// Changes what nvidia-smi answers.
    pub fn says(&self, file: &str, text: &str) {
        self.sandbox.write(&format!("bin/{file}"), text);
    }

    /// How often nvidia-smi was asked.
    pub fn asked(&self) -> usize {
        let asked = fs_err::read_to_string(self.sandbox.dir().join("bin/asked"));
        asked.unwrap_or_default().lines().count()
    }

    /// A spec of the name, with a role `worker` whose accelerators are these: `1`, `2`, or nothing for 0.
    pub fn spec(&self, name: &str, replicas: u32, count: u32, command: &str) {
        let wants = format!("    accelerators: {{type: nvidia-l4, count: {count}}}\n");
        let wants = if count == 0 { "" } else { &wants };
        self.sandbox.write(
            &format!("{name}.yaml"),
            &format!(
                "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: {name}\ngrace: 1s\n\
                 command: [sh, -c, '{command}']\nroles:\n  worker:\n    replicas: {replicas}\n{wants}"
            ),
        );
    }

    pub fn mlctl(&self, args: &[&str]) -> Command {
        let mut command = self.sandbox.mlctl(args);
        command.env("PATH", &self.path);
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.mlctl(args).output().expect("mlctl")
    }

    /// Runs it and gives everything it said, in one line.
    #[track_caller]
    pub fn said(&self, code: i32, args: &[&str], env: &[(&str, &str)]) -> String {
        let output = self.mlctl(args).envs(env.iter().copied()).output().expect("mlctl");
        assert_eq!(output.status.code(), Some(code), "{}", stderr(&output));
        both(&output).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Submits a run and gives its id.
    #[track_caller]
    pub fn start(&self, spec: &str) -> String {
        let output = self.run(&["train", "-d", spec]);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim().to_owned()
    }

    /// What a replica of the last run has printed.
    pub fn printed(&self, run: &str, replica: &str) -> String {
        stdout(&self.run(&["logs", run, "--replica", replica])).trim().to_owned()
    }

    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let output = self.run(&[args, &["-o", "json"]].concat());
        serde_json::from_str(&stdout(&output)).unwrap_or_default()
    }
}
