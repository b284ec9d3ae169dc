//! The code of a run: fixed at its submission, without what no run needs, and told of where it stays
//! behind.

use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::Path;
use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{Sandbox, kill, stderr, stdout, wait_for};

const END: Duration = Duration::from_secs(60);

const HEAD: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: code\n";

fn spec(sandbox: &Sandbox, text: &str) {
    sandbox.write("p/mlctl.yaml", &format!("{HEAD}{text}"));
}

fn status(sandbox: &Sandbox) -> Json {
    serde_json::from_slice(&sandbox.run(0, ["status", "-o", "json"]).stdout).expect("JSON")
}

fn digest(sandbox: &Sandbox) -> String {
    let status = status(sandbox);
    status["record"]["code"]["sha256"].as_str().expect("a hash").to_owned()
}

/// The names of all files below a folder.
fn files(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs_err::read_dir(folder).expect("folder") {
            let entry = entry.expect("entry");
            if entry.file_type().expect("type").is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                found.push(path.strip_prefix(dir).expect("below").display().to_string());
            }
        }
    }
    found.sort();
    found
}

/// A file that the command waits for, in the sandbox's home.
fn gate(sandbox: &Sandbox, name: &str) -> String {
    sandbox.home().join(name).display().to_string()
}

#[test]
fn a_restart_runs_the_code_that_was_submitted() {
    let sandbox = Sandbox::new();
    let (up, go) = (gate(&sandbox, "up"), gate(&sandbox, "go"));
    sandbox.write("p/lib/words.txt", "as submitted");
    let script = format!(
        "echo $MLCTL_ATTEMPT: $(cat lib/words.txt); [ $MLCTL_ATTEMPT = 3 ] && exit 0; \
         touch {up}.$MLCTL_ATTEMPT; until [ -e {go}.$MLCTL_ATTEMPT ]; do sleep 0.05; done; exit 1"
    );
    spec(
        &sandbox,
        &format!(
            "code: .\nretries: {{userError: 2}}\nroles: {{worker: {{replicas: 2}}}}\n\
             command: [sh, -c, {script:?}]\n"
        ),
    );
    sandbox.run(0, ["train", "p", "--detach"]);
    let before = digest(&sandbox);
    let up_in = |attempt: u32| Path::new(&format!("{up}.{attempt}")).exists();
    wait_for("the first attempt", END, || up_in(1));
    // In place and by another file: both kinds of editors.
    let words = sandbox.dir().join("p/lib/words.txt");
    fs_err::OpenOptions::new()
        .write(true)
        .open(&words)
        .expect("file")
        .file()
        .write_all_at(b"EDITED", 0)
        .expect("edit");
    fs_err::write(format!("{go}.1"), "").expect("go");
    wait_for("the second attempt", END, || up_in(2));
    fs_err::remove_dir_all(sandbox.dir().join("p")).expect("removed");
    fs_err::write(format!("{go}.2"), "").expect("go");
    sandbox.run(0, ["wait"]);
    let logs = stdout(&sandbox.run(0, ["logs"]));
    for attempt in 1..4 {
        assert_eq!(logs.matches(&format!("{attempt}: as submitted")).count(), 2, "{logs}");
    }
    assert_eq!(digest(&sandbox), before);
    sandbox.wait_until_empty(END);
}

#[test]
fn the_same_code_has_the_same_hash_whatever_the_folder_and_the_runtime() {
    let sandbox = Sandbox::new();
    fs_err::create_dir_all(sandbox.home().join(".config/mlctl")).expect("folder");
    fs_err::write(
        sandbox.home().join(".config/mlctl/config.yaml"),
        "runnerImage: registry.example/mlctl:1\nrunnerArchitectures: [amd64]\n",
    )
    .expect("settings");
    spec(&sandbox, "image: a\ncode: src\ncommand: ['true']\n");
    for name in ["a.py", "lib/b.py"] {
        sandbox.write(&format!("p/src/{name}"), "print()");
    }
    symlink("lib", sandbox.dir().join("p/src/other")).expect("link");
    sandbox.run(0, ["train", "p"]);
    let here = digest(&sandbox);
    // Somewhere else, with what doesn't travel beside it.
    fs_err::rename(sandbox.dir().join("p"), sandbox.dir().join("q")).expect("renamed");
    sandbox.write("q/src/.mlctlignore", "");
    fs_err::remove_file(sandbox.dir().join("q/src/.mlctlignore")).expect("removed");
    sandbox.write("q/src/.git/HEAD", "x");
    let set = ["--set", "output=pvc://out"];
    let rendered = stdout(&sandbox.run(0, [&["render", "q"][..], &set].concat()));
    assert!(rendered.contains(&here), "{here} is in no object of the cluster:\n{rendered}");
    sandbox.write("q/src/a.py", "print(1)");
    let rendered = stdout(&sandbox.run(0, [&["render", "q"][..], &set].concat()));
    assert!(!rendered.contains(&here));
}

#[test]
fn what_runs_write_does_not_travel() {
    let sandbox = Sandbox::new();
    let write =
        "mkdir -p $AIP_MODEL_DIR && head -c 100000 /dev/zero > $AIP_MODEL_DIR/w; find . -type f";
    for (output, own) in [("./runs/{run}", "runs"), ("out", "out"), ("{run}", "code-")] {
        spec(&sandbox, &format!("code: .\noutput: {output:?}\ncommand: [sh, -c, {write:?}]\n"));
        sandbox.write("p/runs.py", "");
        for turn in 0..3 {
            sandbox.run(0, ["train", "p", "--overwrite"]);
            let logs = stdout(&sandbox.run(0, ["logs"]));
            assert!(logs.contains("./runs.py"), "{logs}");
            assert!(!logs.contains("model/w"), "{output}, run {turn}:\n{logs}");
        }
        let said = stdout(&sandbox.run(0, ["train", "p", "--dry-run", "--overwrite"]));
        let line = said.lines().find(|line| line.contains("an output of runs")).expect("a line");
        assert!(line.contains(own), "{said}");
    }
    // The same under another name of the spec: a run's output says whose it is.
    spec(&sandbox, &format!("code: .\ncommand: [sh, -c, {write:?}]\n"));
    sandbox.run(0, ["train", "p", "--set", "name=other"]);
    let logs = stdout(&sandbox.run(0, ["logs"]));
    assert!(!logs.contains("model/w"), "{logs}");
}

#[test]
fn a_state_folder_within_the_code_does_not_travel() {
    let sandbox = Sandbox::new();
    let spec = format!("{HEAD}code: .\ncommand: [sh, -c, 'find . -type f']\n");
    fs_err::write(sandbox.home().join("mlctl.yaml"), spec).expect("spec");
    for _ in 0..2 {
        let mut command = sandbox.mlctl(["train"]);
        let output = command.current_dir(sandbox.home()).output().expect("mlctl");
        assert!(output.status.success(), "{}", stderr(&output));
        let said = stderr(&output);
        assert!(said.contains("./mlctl.yaml") && !said.contains("run.json"), "{said}");
    }
}

#[test]
fn much_code_is_told_and_too_much_is_refused_before_anything_starts() {
    let sandbox = Sandbox::new();
    spec(&sandbox, "code: .\nroles: {worker: {replicas: 2}}\ncommand: [ls, -l, data]\n");
    sandbox.write("p/data/small", "x");
    let file = fs_err::File::create(sandbox.dir().join("p/data/big.bin")).expect("file");
    file.file().set_len(3 << 30).expect("sparse");
    file.file().write_all_at(b"end", (3 << 30) - 3).expect("end");
    for args in [&["train", "p"][..], &["train", "p", "--dry-run"]] {
        let said = stderr(&sandbox.run(5, args));
        for word in [
            "3.0 GiB in 3 files",
            "data/big.bin (3.0 GiB)",
            "`/data/big.bin`",
            "--allow-large-code",
        ] {
            assert!(said.contains(word), "{word} in {said}");
        }
    }
    assert!(!sandbox.state().join("runs").read_dir().is_ok_and(|mut runs| runs.next().is_some()));
    let said = stderr(&sandbox.run(0, ["train", "p", "--allow-large-code"]));
    assert!(said.contains("3.0 GiB in 3 files") && said.contains("big.bin"), "{said}");
    let state = sandbox.state().join("runs");
    let copies: Vec<u64> = files(&state)
        .iter()
        .filter(|path| path.ends_with("big.bin"))
        .map(|path| fs_err::metadata(state.join(path)).expect("copy"))
        .map(|meta| {
            assert_eq!(meta.len(), 3 << 30);
            meta.blocks() * 512
        })
        .collect();
    assert_eq!(copies.len(), 3, "the run's and each replica's");
    assert!(copies.iter().sum::<u64>() < 64 << 20, "{copies:?}");
    // The line that was named.
    sandbox.write("p/.mlctlignore", "/data/\n");
    let said = stderr(&sandbox.run(0, ["train", "p", "--set", "command=[ls]"]));
    assert!(!said.contains("GiB"), "{said}");
    fs_err::remove_file(sandbox.dir().join("p/.mlctlignore")).expect("removed");
    fs_err::remove_dir_all(sandbox.dir().join("p/data")).expect("removed");
    for at in 0..20_001 {
        let dir = sandbox.dir().join(format!("p/many/{}", at % 100));
        fs_err::create_dir_all(&dir).expect("folder");
        fs_err::write(dir.join(at.to_string()), "").expect("file");
    }
    let said = stderr(&sandbox.run(5, ["train", "p"]));
    assert!(said.contains("20002 files") && said.contains("`/many/`"), "{said}");
}

#[test]
fn links_within_the_code_travel() {
    let sandbox = Sandbox::new();
    let script =
        "cat other/b.txt deep/up/a.txt self/a.txt alias.txt; echo kept > other/new; ls lib";
    spec(&sandbox, &format!("code: .\ncommand: [sh, -c, {script:?}]\n"));
    sandbox.write("p/lib/b.txt", "in lib\n");
    sandbox.write("p/a.txt", "at top\n");
    sandbox.write("p/deep/x", "");
    for (link, to) in [
        ("other", "lib"),
        ("deep/up", ".."),
        ("self", "."),
        ("alias.txt", "a.txt"),
        ("dead", "none"),
    ] {
        symlink(to, sandbox.dir().join("p").join(link)).expect("link");
    }
    let said = stderr(&sandbox.run(0, ["train", "p"]));
    assert!(!said.contains("links"), "{said}");
    let logs = stdout(&sandbox.run(0, ["logs"]));
    assert!(logs.contains("in lib") && logs.matches("at top").count() == 3, "{logs}");
    assert!(logs.contains("new"), "a link to the folder, not a copy of it: {logs}");
    assert!(!sandbox.dir().join("p/lib/new").exists(), "the user's own folder is untouched");
}

#[test]
fn a_link_out_of_the_code_that_the_command_names_is_refused() {
    let sandbox = Sandbox::new();
    let sets = sandbox.home().join("sets");
    fs_err::create_dir(&sets).expect("folder");
    fs_err::write(sets.join("a.csv"), "one,two").expect("file");
    fs_err::create_dir_all(sandbox.dir().join("p")).expect("folder");
    symlink(&sets, sandbox.dir().join("p/sets")).expect("link");
    for command in [
        "[cat, sets/a.csv]",
        "[cat, --, ./sets/a.csv]",
        "[sh, -c, 'cat <sets/a.csv']",
        "['true', --data=sets]",
    ] {
        spec(&sandbox, &format!("code: .\ncommand: {command}\n"));
        let said = stderr(&sandbox.run(5, ["train", "p"]));
        assert!(said.contains("sets is a link out of the code"), "{command}: {said}");
    }
    spec(&sandbox, "code: .\ncommand: ['true']\n");
    assert!(stderr(&sandbox.run(0, ["train", "p"])).contains("sets leads to"));
    spec(
        &sandbox,
        &format!(
            "code: .\ncommand: [cat, sets/a.csv]\ndata: [{{uri: {}, path: sets}}]\n",
            sets.display()
        ),
    );
    sandbox.run(0, ["train", "p"]);
}

/// A repository as git has made it.
fn git(sandbox: &Sandbox, dir: &Path, args: &[&str]) {
    let mut command = std::process::Command::new("git");
    command
        .arg("-C")
        .arg(dir)
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
        .args(args);
    let output = command.env("HOME", sandbox.home()).output().expect("git");
    assert!(output.status.success(), "{args:?}: {}", stderr(&output));
}

#[test]
fn an_ignored_script_is_refused_with_the_rule_that_ignores_it() {
    let sandbox = Sandbox::new();
    sandbox.write("p/train.py", "print('trained')\n");
    sandbox.write("p/conf/local.yaml", "x: 1\n");
    spec(&sandbox, "code: .\ncommand: [python3, train.py, --config, conf/local.yaml]\n");
    for (file, text, place) in [
        (".mlctlignore", "# nothing\n*.py\n", "`*.py` (PATH/.mlctlignore:2)"),
        (".gitignore", "\n\ntrain.py\n", "`train.py` (PATH/.gitignore:3)"),
        (".mlctlignore", "*\n", "`*` (PATH/.mlctlignore:1)"),
    ] {
        sandbox.write(&format!("p/{file}"), text);
        let path = sandbox.dir().join("p").canonicalize().expect("p").display().to_string();
        for args in [&["train", "p"][..], &["train", "p", "--dry-run"]] {
            let said = stderr(&sandbox.run(5, args));
            assert!(said.contains(&place.replace("PATH", &path)), "{text}: {said}");
            assert!(
                said.contains("in .mlctlignore takes it along")
                    || said.contains("in its .mlctlignore"),
                "{said}"
            );
        }
        fs_err::remove_file(sandbox.dir().join("p").join(file)).expect("removed");
    }
    // A file that the command may write itself is told of, with its rule.
    sandbox.write("p/.gitignore", "conf/\n");
    let said = stderr(&sandbox.run(0, ["train", "p"]));
    assert!(said.contains("conf/local.yaml") && said.contains(".gitignore:1"), "{said}");
    sandbox.write("p/.mlctlignore", "!/conf/\n");
    let said = stderr(&sandbox.run(0, ["train", "p"]));
    assert!(!said.contains("conf/local.yaml"), "{said}");
}

#[test]
fn a_home_that_ignores_everything_is_named_and_what_git_tracks_travels() {
    let sandbox = Sandbox::new();
    let home = sandbox.home();
    fs_err::write(home.join(".gitignore"), "*\n").expect("ignore");
    git(&sandbox, &home, &["init", "-q"]);
    let dir = home.join("project");
    for name in ["train.py", "lib/a.py", "weights/w.bin", "weights/x.bin"] {
        let path = dir.join(name);
        fs_err::create_dir_all(path.parent().expect("parent")).expect("folder");
        fs_err::write(path, "print('trained')\n").expect("file");
    }
    let find = "python3 train.py && find . -type f";
    fs_err::write(dir.join("mlctl.yaml"), format!("{HEAD}code: .\ncommand: [sh, -c, {find:?}]\n"))
        .expect("spec");
    let train = |args: &[&str]| {
        let mut command = sandbox.mlctl([&["train"][..], args].concat());
        let output = command.current_dir(&dir).output().expect("mlctl");
        (output.status.code(), stderr(&output), stdout(&output))
    };
    let (code, said, _) = train(&[]);
    let rule = format!("`*` ({}/.gitignore:1)", home.canonicalize().expect("home").display());
    assert!(code == Some(5) && said.contains(&rule) && said.contains("nothing of"), "{said}");

    // Added by force: git goes on with these whatever is ignored.
    git(&sandbox, &home, &["add", "-f", "project/train.py", "project/weights/w.bin"]);
    let (code, said, _) = train(&[]);
    assert!(code == Some(0) && said.contains("trained"), "{said}");
    assert!(said.contains("./weights/w.bin") && !said.contains("x.bin"), "{said}");
    assert!(!said.contains("lib/a.py"), "{said}");
    let (code, said, shown) = train(&["--dry-run"]);
    assert_eq!(code, Some(0), "{said}");
    let has =
        |words: &[&str]| shown.lines().any(|line| words.iter().all(|word| line.contains(word)));
    assert!(has(&["files", "2"]) && has(&["left out", "lib", &rule]), "{shown}");
    let (_, _, json) = train(&["--dry-run", "-o", "json"]);
    let json: Json = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["codeFiles"]["files"], 2, "{json}");
    assert_eq!(json["codeFiles"]["leftOut"][0]["rule"], rule, "{json}");
}

/// Killed while the copy of the code is made: the next command finds no run and removes what is left.
#[test]
fn a_submission_that_is_killed_leaves_nothing_half() {
    let sandbox = Sandbox::new();
    spec(&sandbox, "code: .\ncommand: ['true']\n");
    for at in 0..4000 {
        sandbox.write(&format!("p/lib/{at}.py"), "x");
    }
    let new = sandbox.state().join("new");
    let mut caught = false;
    for _ in 0..20 {
        let mut child = sandbox
            .mlctl(["train", "p", "--detach"])
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("mlctl");
        let copying = || {
            let mut all = new.read_dir().into_iter().flatten().flatten();
            all.any(|one| one.path().join("code/lib/0.py").exists())
        };
        while child.try_wait().expect("child").is_none() && !copying() {
            std::thread::sleep(Duration::from_millis(1));
        }
        caught = copying();
        kill(i32::try_from(child.id()).expect("pid"));
        child.wait().expect("ended");
        if caught {
            break;
        }
    }
    assert!(caught, "never killed while the code was copied");
    sandbox.run(0, ["list"]);
    assert_eq!(files(&new), [""; 0]);
    assert_eq!(stdout(&sandbox.run(0, ["state", "check"])).matches("problem").count(), 1);
    sandbox.run(0, ["train", "p"]);
}

#[test]
fn working_folders_of_ended_runs_go_and_all_else_stays() {
    let sandbox = Sandbox::new();
    sandbox.write("p/a.py", "");
    spec(
        &sandbox,
        "code: .\ncommand: [sh, -c, 'echo said; mkdir -p $AIP_MODEL_DIR; echo w > $AIP_MODEL_DIR/w']\n",
    );
    sandbox.run(0, ["train", "p"]);
    sandbox.wait_until_empty(END);
    let run = fs_err::read_dir(sandbox.state().join("runs"))
        .expect("runs")
        .next()
        .expect("run")
        .expect("run")
        .path();
    assert!(run.join("work").exists() && run.join("code/a.py").exists());
    let settings = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&settings).expect("folder");
    fs_err::write(settings.join("config.yaml"), "retention: {workFolders: 0s}\n")
        .expect("settings");
    // The run itself stamped the folder; a day is long.
    sandbox.run(0, ["list"]);
    assert!(!run.join("work").exists() && !run.join("code").exists());
    assert!(run.join("output/model/w").exists());
    assert!(stdout(&sandbox.run(0, ["logs"])).contains("said"));
    sandbox.run(0, ["status"]);
}
