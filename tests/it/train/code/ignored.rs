//! What ignore files leave behind, and what git tracks all the same.

use serde_json::Value as Json;

use super::support::{HEAD, git, spec};
use crate::support::{Sandbox, both, stderr, stdout};

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
        (output.status.code(), both(&output), stdout(&output))
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

#[test]
fn a_file_that_the_command_writes_refuses_nothing_once_it_is_there() {
    let sandbox = Sandbox::new();
    sandbox.write("p/.gitignore", "*.log\n");
    sandbox.write("p/train.log", "");
    sandbox.write("p/x.py", "");
    for command in [
        "['true', --log-file, train.log]",
        "[sh, -c, 'cat x.py | tee train.log']",
        "[sh, -c, 'echo >train.log']",
    ] {
        spec(&sandbox, &format!("code: .\ncommand: {command}\n"));
        sandbox.run(0, ["train", "p"]);
    }
    // What one role can't run without is refused though another one names it before.
    let roles = "roles:\n  chief: {replicas: 1, command: ['true', --log, train.log]}\n  \
                 worker: {replicas: 1, command: [cat, train.log]}\n";
    spec(&sandbox, &format!("code: .\n{roles}"));
    assert!(stderr(&sandbox.run(5, ["train", "p"])).contains("needs train.log"));
}

#[test]
fn what_git_tracks_is_told_as_unknown_where_it_cannot_be_read() {
    let sandbox = Sandbox::new();
    spec(&sandbox, "code: .\ncommand: [find, .]\n");
    sandbox.write("p/.gitignore", "/out/\n/vendor/\n");
    sandbox.write("p/out/kept", "x");
    sandbox.write("p/vendor/lib/own.py", "x");
    let dir = sandbox.dir().join("p");
    let module = dir.join("vendor/lib");
    for dir in [&dir, &module] {
        git(&sandbox, dir, &["init", "-q"]);
    }
    git(&sandbox, &module, &["add", "own.py"]);
    git(&sandbox, &module, &["commit", "-qm", "x"]);
    sandbox.write("p/vendor/lib/untracked", "x");
    let train = || {
        let said = stderr(&sandbox.run(0, ["train", "p"]));
        (said.contains("index can't be read"), stdout(&sandbox.run(0, ["logs"])))
    };
    let (is_unread, logs) = train();
    assert!(!is_unread && !logs.contains("kept"), "no index: {logs}");
    git(&sandbox, &dir, &["add", "-f", "out/kept", "vendor/lib"]);
    let (is_unread, logs) = train();
    assert!(!is_unread && logs.contains("kept") && logs.contains("own.py"), "{logs}");
    assert!(!logs.contains("untracked"), "{logs}");
    sandbox.write("p/.git/index", "DIRC of a merge");
    let (is_unread, logs) = train();
    assert!(is_unread && !logs.contains("kept"), "{logs}");
}
