//! A state folder with a run in every state that a run of plain commands can come to, and times
//! that are no accident: the runs are real, and what they have written is dated anew.

use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use mlctl::event::{Event, EventKind};
use mlctl::gang::Usage;
use mlctl::store::{RunRecord, Store};

use crate::support::{Sandbox, stdout, stop, wait_for};

const END: Duration = Duration::from_secs(120);

/// Ages are shown in whole hours or days: half of one more leaves time to look.
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Name, what follows in the spec, exit code of `train`, and the age in seconds.
const ENDED: [(&str, &str, i32, i64); 4] = [
    (
        "good",
        "labels: {team: vision}\ncpu: 1\nmemory: 64Mi\n\
         command: [sh, -c, 'mkdir -p $AIP_MODEL_DIR && echo weights >$AIP_MODEL_DIR/w']\n",
        0,
        9 * DAY + DAY / 2,
    ),
    (
        "bad",
        "labels: {team: audio}\nretries: {userError: 1}\n\
         command: [sh, -c, 'echo \"ValueError: no such column\" >&2; exit 3']\n",
        10,
        8 * DAY + DAY / 2,
    ),
    ("slow", "timeout: 1s\ncommand: [sleep, '1000']\n", 13, 3 * DAY + DAY / 2),
    (
        "apart",
        "startTimeout: 1s\nroles: {worker: {replicas: 2}}\n\
         setup: {shell: 'test $RANK = 0 || sleep 1000'}\ncommand: ['true']\n",
        14,
        30 * HOUR + HOUR / 2,
    ),
];

const SLEEPS: &str = "roles: {worker: {replicas: 2}}\ncommand: [sleep, '1000']\n";

pub struct Runs {
    pub sandbox: Sandbox,
}

impl Runs {
    /// One that has succeeded, failed, timed out, and not started; one that was cancelled.
    pub fn ended() -> Self {
        let sandbox = Sandbox::new();
        for (name, spec, code, age) in ENDED {
            write(&sandbox, name, spec);
            sandbox.run(code, ["train"]);
            date(&sandbox, name, age);
        }
        start(&sandbox, "gone");
        sandbox.run(0, ["cancel"]);
        sandbox.run(12, ["wait"]);
        date(&sandbox, "gone", 5 * HOUR + HOUR / 2);
        Self { sandbox }
    }

    /// One that runs besides.
    pub fn all() -> Self {
        let runs = Self::ended();
        start(&runs.sandbox, "busy");
        // Nothing of it happens any more, though it runs.
        for replica in ["worker-0", "worker-1"] {
            assert!(stop(runs.sandbox.agent(replica).expect("an agent")));
        }
        runs.sandbox.run(0, ["status", "busy"]);
        date(&runs.sandbox, "busy", 26 * HOUR + HOUR / 2);
        runs
    }

    /// What a terminal of 80 columns without colours shows, both streams in one.
    pub fn on_terminal(&self, args: &[&str]) -> String {
        let line = format!("{} {}", env!("CARGO_BIN_EXE_mlctl"), args.join(" "));
        let mut command: Command = self.sandbox.mlctl(["-"]);
        let environment: Vec<_> = command
            .env("COLUMNS", "80")
            .env("NO_COLOR", "1")
            .env("XDG_CACHE_HOME", self.sandbox.home().join("cache"))
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        let output = Command::new("script")
            .args(["-qec", &line, "/dev/null"])
            .env_clear()
            .envs(environment)
            .current_dir(self.sandbox.dir())
            .stdin(Stdio::null())
            .output()
            .expect("script, of util-linux");
        let text = stdout(&output).replace("\r\n", "\n");
        assert_eq!(output.status.code(), Some(0), "{text}");
        // What is indented may be copied and pasted, a path for example.
        let mut tables = text.lines().filter(|line| !line.starts_with(' '));
        assert!(tables.all(|line| line.chars().count() <= 80), "too wide:\n{text}");
        self.plain(&text)
    }

    /// The document for programs, on standard output alone.
    pub fn document(&self, args: &[&str]) -> String {
        let output = self
            .sandbox
            .mlctl(args.iter().chain(&["-o", "json"]))
            .env("XDG_CACHE_HOME", self.sandbox.home().join("cache"))
            .output()
            .expect("mlctl");
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        self.plain(&stdout(&output))
    }

    /// Without what differs from one state folder to the next.
    fn plain(&self, text: &str) -> String {
        let root = self.sandbox.home();
        let root = root.parent().expect("a parent").display().to_string();
        text.replace(&root, "/tmp/mlctl").replace(env!("CARGO_BIN_EXE_mlctl"), "/bin/mlctl")
    }
}

fn write(sandbox: &Sandbox, name: &str, spec: &str) {
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\n";
    sandbox.write("mlctl.yaml", &format!("{head}name: {name}\ngrace: 1s\n{spec}"));
}

/// Starts a run that goes on, and waits until it does.
fn start(sandbox: &Sandbox, name: &str) {
    write(sandbox, name, SLEEPS);
    sandbox.run(0, ["train", "--detach"]);
    wait_for("both replicas have told what they use", END, || {
        stdout(&sandbox.run(0, ["status", name])).matches("iB").count() == 2
    });
}

/// Makes a run so old, and each of its steps as long as another run's.
fn date(sandbox: &Sandbox, name: &str, age: i64) {
    let store = Store::open(sandbox.state()).expect("state");
    let run = store.resolve(Some(name), &sandbox.dir()).expect("the run");
    let paths = store.paths(&run);
    let mut record = store.record(&run).expect("a record");
    let now = Timestamp::from_second(Timestamp::now().as_second()).expect("a time");
    let submitted = now - SignedDuration::from_secs(age);
    let mut text = String::new();
    for mut event in store.events(&record).expect("events") {
        event.time = submitted + SignedDuration::from_secs(since_submission(&event));
        match event.kind {
            EventKind::AttemptStarted if event.attempt == 1 => record.started = Some(event.time),
            EventKind::Finished { .. } => record.ended = Some(event.time),
            // Read or not: it comes behind the verdict.
            EventKind::CommandExited { ref exit } if exit.killed_by_gang => continue,
            // Of the others only a machine with much else to do tells any.
            EventKind::Usage { .. } if !["gone", "busy"].contains(&name) => continue,
            EventKind::Usage { ref mut usage } => {
                *usage = Usage { cpu: 0.5, memory: 27 << 20, ..Usage::default() };
            }
            _ => {}
        }
        text += &serde_json::to_string(&event).expect("JSON");
        text.push('\n');
    }
    record.created = submitted;
    // Whoever reads the verdict may be there before the agents are gone.
    record.cursor.is_finished = record.state.is_ended();
    record.journal.bytes = text.len() as u64;
    write_record(&paths.record(), &record);
    fs_err::write(paths.events(), text).expect("the journal");
    // Beside this it doesn't matter how a file system counts small files.
    fs_err::create_dir_all(paths.dir.join("work")).expect("folder");
    fs_err::write(paths.dir.join("work/ballast"), vec![b'x'; 12 << 20]).expect("ballast");
    // It holds the times too.
    fs_err::remove_file(sandbox.state().join("index")).expect("the index");
    sandbox.run(0, ["state", "rebuild"]);
}

fn write_record(path: &std::path::Path, record: &RunRecord) {
    fs_err::write(path, serde_json::to_vec_pretty(record).expect("JSON")).expect("the record");
}

/// An attempt takes a minute, after ten seconds of gathering.
fn since_submission(event: &Event) -> i64 {
    let within = match event.kind {
        EventKind::Submitted { .. } => return 0,
        EventKind::AgentStarted { .. } | EventKind::SetupStarted => 2,
        EventKind::SetupFinished { .. } => 4,
        EventKind::Joined { .. } => 6,
        EventKind::AttemptStarted | EventKind::CommandStarting => 10,
        EventKind::CommandStarted { .. } | EventKind::ReplicaRunning => 11,
        EventKind::CommandExited { .. } | EventKind::FirstFailure { .. } => 65,
        _ => 66,
    };
    within + 60 * i64::from(event.attempt.max(1) - 1)
}
