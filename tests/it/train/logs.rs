//! What a command prints: kept byte for byte, shown in the order in which it happened, and read in time
//! and memory for what is asked for.

use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{Sandbox, stderr, stdout, stop, together, wait_for};

fn job(sandbox: &Sandbox, rest: &str) {
    let head = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: job\nframework: none\n";
    sandbox.write("mlctl.yaml", &format!("{head}{rest}\n"));
}

/// The folder of the only run.
fn run_folder(sandbox: &Sandbox) -> std::path::PathBuf {
    let runs = fs_err::read_dir(sandbox.state().join("runs")).expect("runs");
    runs.flatten().next().expect("a run").path()
}

#[test]
fn a_log_has_the_bytes_that_were_printed_and_a_slow_line_is_one_line() {
    let sandbox = Sandbox::new();
    // Its use is told every few seconds, also in the middle of a line.
    let script = "printf 'a\\tb\\r\\n.. '; printf 'loss=0.'; sleep 7; printf '25\\n\\377 last'";
    job(&sandbox, &format!("command: [sh, -c, {script:?}]"));
    sandbox.run(0, ["train"]);
    let printed = b"a\tb\r\n.. loss=0.25\n\xff last";
    let log = fs_err::read(run_folder(&sandbox).join("logs/worker-0.log")).expect("a log");
    assert_eq!(log, printed);
    let shown = sandbox.run(0, ["logs"]).stdout;
    assert_eq!(shown, [printed, &b"\n"[..]].concat());
    let events = fs_err::read_to_string(run_folder(&sandbox).join("events.jsonl")).unwrap();
    let losses: Vec<Json> = events
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"))
        .filter(|event: &Json| event["type"] == "metrics")
        .map(|event| event["values"]["loss"].clone())
        .collect();
    assert_eq!(losses, [0.25], "{events}");
}

#[test]
fn the_lines_of_an_attempt_stand_between_its_start_and_its_end() {
    let sandbox = Sandbox::new();
    let script = "echo line of $MLCTL_ATTEMPT; test $MLCTL_ATTEMPT = 3 || kill -9 $$$$";
    job(&sandbox, &format!("command: [sh, -c, {script:?}]\nretries: {{transientSignal: 3}}"));
    let (told, _) = together(&mut sandbox.mlctl(["train"]));
    let place = |what: &str| told.find(what).unwrap_or_else(|| panic!("{what} in:\n{told}"));
    for attempt in 1..=3 {
        let line = place(&format!("line of {attempt}"));
        assert!(place(&format!("attempt {attempt} starts")) < line, "{told}");
        if attempt < 3 {
            assert!(line < place(&format!("attempt {} starts", attempt + 1)), "{told}");
        }
    }
    let exit = " worker-0: killed by SIGKILL\n";
    let exits = told.match_indices(exit).map(|(at, _)| at);
    let exits: Vec<usize> = exits.filter(|at| !told[..*at].ends_with(':')).collect();
    assert_eq!(exits.len(), 2, "{told}");
    assert!(place("line of 1") < exits[0] && exits[0] < place("attempt 2 starts"), "{told}");
    assert!(place("line of 2") < exits[1] && exits[1] < place("attempt 3 starts"), "{told}");
}

#[test]
fn the_last_line_is_shown_however_much_was_printed_and_before_its_command_has_ended() {
    let sandbox = Sandbox::new();
    let script = "seq 150000; printf 'the last word'";
    job(&sandbox, &format!("command: [sh, -c, {script:?}]\nroles: {{worker: {{replicas: 2}}}}"));
    let (told, _) = together(&mut sandbox.mlctl(["train"]));
    for replica in ["worker-0", "worker-1"] {
        let lines = told.lines().filter(|line| line.starts_with(&format!("{replica} | ")));
        assert_eq!(lines.count(), 150_001, "{replica}");
        let place = |what: String| told.find(&what).unwrap_or_else(|| panic!("{what}"));
        let last = place(format!("{replica} | the last word"));
        assert!(last < place(format!("{replica}: exit code 0")), "{replica}");
    }
    let logs = stdout(&sandbox.run(0, ["logs"]));
    let whole: Vec<&str> = logs.lines().collect();
    assert_eq!(whole.len(), 300_002);
    assert_eq!(whole[150_000], "worker-0 | the last word");
}

/// Whoever follows and was away meets the start and the end of an attempt at once.
#[test]
fn lines_stay_whole_for_a_follower_that_was_away_for_a_whole_attempt() {
    let sandbox = Sandbox::new();
    let (ready, go) = (sandbox.dir().join("ready"), sandbox.dir().join("go"));
    let wait =
        format!("touch {}; until [ -e {} ]; do sleep 0.05; done", ready.display(), go.display());
    let script = "seq 150000; printf 'the last word'";
    job(&sandbox, &format!("setup: {{shell: {wait:?}}}\ncommand: [sh, -c, {script:?}]"));
    let told = sandbox.dir().join("told");
    let mut command = sandbox.mlctl(["train"]);
    let file = fs_err::File::create(&told).expect("a file").into_file();
    command.stdout(file.try_clone().expect("a file")).stderr(file);
    let mut follower = command.spawn().expect("mlctl starts");
    let limit = Duration::from_secs(60);
    wait_for("set-up", limit, || ready.exists());
    let pid = follower.id().cast_signed();
    assert!(stop(pid));
    fs_err::write(&go, "").expect("a file");
    let events = || {
        let logs = fs_err::read_dir(run_folder(&sandbox).join("logs")).expect("logs").flatten();
        logs.filter_map(|file| fs_err::read_to_string(file.path()).ok()).collect::<String>()
    };
    wait_for("its end", limit, || events().contains("commandExited"));
    let pid = rustix::process::Pid::from_raw(pid).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).expect("it is there");
    assert!(follower.wait().expect("its end").success());
    let told = fs_err::read_to_string(&told).expect("what it told");
    let is_printed = |line: &&str| *line == "the last word" || line.parse::<u32>().is_ok();
    let lines: Vec<&str> = told.lines().filter(is_printed).collect();
    assert_eq!(lines.len(), 150_001);
    assert_eq!(lines[150_000], "the last word");
    let place = |what: &str| told.find(what).unwrap_or_else(|| panic!("{what}"));
    assert!(place("the last word") < place("worker-0: exit code 0"));
}

/// A log of 64 GiB, of which nearly all is a hole, read by processes with 1 GiB of memory.
#[test]
fn a_log_of_any_length_is_read_in_little_memory() {
    let sandbox = Sandbox::new();
    job(&sandbox, "command: [sh, -c, 'echo first; echo second; echo loss=0.5']");
    sandbox.run(0, ["train"]);
    let log = run_folder(&sandbox).join("logs/worker-0.log");
    let file = fs_err::OpenOptions::new().write(true).open(&log).expect("the log");
    file.set_len(64 << 30).expect("a hole");
    drop(file);
    let mut file = fs_err::OpenOptions::new().append(true).open(&log).expect("the log");
    std::io::Write::write_all(&mut file, b"\nlast but one\nlast\n").expect("its end");
    let bounded = |command: &str| {
        let limited = format!("ulimit -v 1048576; {command}");
        let mut shell = Command::new("bash");
        shell.args(["-c", &limited]).env_clear().current_dir(sandbox.dir());
        for (name, value) in sandbox.mlctl(["list"]).get_envs() {
            shell.env(name, value.expect("set"));
        }
        let output = shell.env("MLCTL", env!("CARGO_BIN_EXE_mlctl")).output().expect("bash");
        assert!(output.status.success(), "{command}: {}", stderr(&output));
        stdout(&output)
    };
    assert_eq!(bounded("$MLCTL logs --tail 2"), "last but one\nlast\n");
    assert_eq!(bounded("$MLCTL logs | head -2"), "first\nsecond\n");
    for verb in ["why", "status", "list"] {
        assert!(bounded(&format!("$MLCTL {verb}")).contains("succeeded"), "{verb}");
    }
    // As if nobody had looked at it yet.
    let record = run_folder(&sandbox).join("run.json");
    let mut json: Json = serde_json::from_slice(&fs_err::read(&record).unwrap()).unwrap();
    for field in ["verdict", "ended", "cursor", "journal"] {
        json.as_object_mut().unwrap().remove(field);
    }
    json["state"] = "running".into();
    fs_err::write(&record, json.to_string()).unwrap();
    assert!(bounded("$MLCTL status").contains("succeeded"));
}

/// A command fills the disk that the state is on, in a namespace of its own.
#[test]
fn on_a_full_disk_a_run_ends_as_it_ended() {
    let sandbox = Sandbox::new();
    job(
        &sandbox,
        "command: [sh, -c, 'yes filling | head -c 20000000; exit $CODE']\nenv: [{name: CODE, value: '${CODE}'}]",
    );
    let script = r#"set -u
        mkdir -p "$HOME/.local/state"
        mount -t tmpfs -o size=4m none "$HOME/.local/state"
        for code in 0 3; do
            CODE=$code "$MLCTL" train > out 2> err
            echo "exit $?"
            "$MLCTL" status | head -1
            "$MLCTL" why | grep -c 'machine went down'
            "$MLCTL" status | grep -o 'output is being lost.*No space left on device'
            cat /dev/zero > "$HOME/.local/state/filler" 2>/dev/null
            "$MLCTL" cleanup --yes job 2>&1 | grep -c 'removed 1 run'
            "$MLCTL" list -q | wc -l
            rm "$HOME/.local/state/filler"
        done
        CODE=0 "$MLCTL" train --detach > out 2> err
        until grep -q '"type":"finished"' "$HOME/.local/state/mlctl/runs"/*/logs/worker-0.events; do
            sleep 0.1
        done
        until mount -o remount,ro "$HOME/.local/state" 2>/dev/null; do sleep 0.1; done
        "$MLCTL" wait; echo "exit $?"
        "$MLCTL" status 2>&1 | grep -o 'job-.* succeeded$'
        "$MLCTL" list 2>&1 | grep -c 'succeeded'
        "$MLCTL" status 2>&1 | grep -c 'Read-only file system'
    "#;
    let Some(mut command) = sandbox.in_namespace(script) else { return };
    let output = command.output().expect("unshare");
    let shown = stdout(&output);
    let lost = "output is being lost: the log: No space left on device";
    let lines: Vec<&str> = shown.lines().collect();
    let all = format!("{shown}{}", stderr(&output));
    assert_eq!(lines.len(), 16, "{all}");
    assert!(lines[1].ends_with(" succeeded") && lines[7].contains(" failed"), "{all}");
    assert_eq!([lines[0], lines[6]], ["exit 0", "exit 10"], "{all}");
    assert_eq!(lines[2..6], ["0", lost, "1", "0"], "{all}");
    assert_eq!(lines[8..12], ["0", lost, "1", "0"], "{all}");
    assert!(lines[13].ends_with(" succeeded"), "{all}");
    assert_eq!([lines[12], lines[14], lines[15]], ["exit 0", "1", "1"], "{all}");
}
