//! What a command answers, over verbs and outcomes: `-o json` is one document, `-q` is the result and what
//! went wrong, and a pipe gets what the commands print.

use std::time::Duration;

use serde_json::Value as Json;

use crate::support::{Sandbox, copy_tree, repository, stderr, stdout};

const HEAD: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\n";

/// A folder with scripts that succeed, fail and take long, and a spec that is wrong.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write(
        "ok.sh",
        "mkdir -p \"$AIP_MODEL_DIR\"; echo x > \"$AIP_MODEL_DIR/m\"; echo loss=0.5 epoch=1\n",
    );
    sandbox.write("bad.sh", "echo before; exit 3\n");
    sandbox.write("slow.sh", "sleep 60\n");
    sandbox.write("wrong.yaml", &format!("{HEAD}name: wrong\ncommand: [x]\nrole: 1\n"));
    let two = "command: [sh, -c, 'echo one; echo two']\nroles: {worker: {replicas: 2}}\n";
    sandbox.write("two.yaml", &format!("{HEAD}name: two\n{two}"));
    let job = |name: &str| format!("{HEAD}name: {name}\ncommand: ['true']\n");
    sandbox.write("both.yaml", &format!("{}---\n{}", job("first"), job("second")));
    sandbox
}

/// What the README promises of a verb's document: the names behind it, up to `also`.
fn promised() -> Vec<(Vec<String>, Vec<String>)> {
    let readme = fs_err::read_to_string(repository().join("README.md")).expect("README");
    let (_, table) = readme.split_once("| Verb | Document |").expect("the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|row| {
        let (verbs, document) = row.trim_matches('|').split_once('|').expect("two cells");
        (names(verbs), names(document.split("also").next().expect("a part")))
    })
    .collect()
}

#[track_caller]
fn document(sandbox: &Sandbox, code: i32, args: &[&str]) -> Json {
    let output = sandbox.run(code, args.iter().copied().chain(["-o", "json"]));
    let found = serde_json::from_slice(&output.stdout);
    let document: Json =
        found.unwrap_or_else(|error| panic!("{args:?}: {error}: {}", stdout(&output)));
    let version = &document["schemaVersion"];
    assert!(version.is_u64(), "{args:?} has no version: {document}");
    document
}

#[test]
fn every_verb_answers_with_one_document() {
    let sandbox = sandbox();
    let table = promised();
    sandbox.run(0, ["train", "slow.sh", "--detach"]);
    copy_tree(&repository().join("tests/it/models/fixtures/text"), &sandbox.dir().join("text"));
    for (code, line) in [
        (0, "train ok.sh"),
        (10, "train bad.sh"),
        (0, "wait ok"),
        (10, "wait bad"),
        (130, "wait slow --timeout 1ms"),
        (0, "status bad"),
        (0, "why bad"),
        (0, "list"),
        (0, "logs ok"),
        (0, "cost"),
        (0, "cleanup --dry-run"),
        (0, "cancel slow"),
        (0, "validate ok.sh"),
        (3, "validate wrong.yaml"),
        (0, "convert two.yaml"),
        (0, "explain TrainJob.roles"),
        (0, "init plain new"),
        (0, "state check"),
        (0, "models list"),
        (0, "model inspect ./text"),
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        let document = document(&sandbox, code, &args);
        let row = table.iter().find(|(verbs, _)| verbs.iter().any(|verb| verb == args[0]));
        let (_, names) = row.unwrap_or_else(|| panic!("the README has no row of {}", args[0]));
        assert!(!names.is_empty(), "{line}");
        for name in names {
            assert!(document.get(name).is_some(), "mlctl {line} has no `{name}`: {document}");
        }
        if document.get("exitCode").is_some() {
            assert_eq!(document["exitCode"], code, "{line}");
        }
    }
    let both = document(&sandbox, 0, &["train", "both.yaml"]);
    let runs: Vec<_> =
        both["runs"].as_array().expect("runs").iter().map(|run| &run["run"]).collect();
    assert!(runs.len() == 2 && runs.iter().all(|run| run.is_string()), "{both}");
    for verb in ["train", "wait"] {
        let args = if verb == "train" { ["train", "ok.sh"] } else { ["wait", "ok"] };
        let end = document(&sandbox, 0, &args);
        assert_eq!(end["metrics"]["loss"], 0.5, "{end}");
        assert!(
            end["model"].as_str().is_some_and(|model| model.ends_with("/output/model")),
            "{end}"
        );
    }
}

#[test]
fn whatever_goes_wrong_is_a_document_and_is_said_quietly_too() {
    let sandbox = sandbox();
    let wrong = |code: i32, args: &[&str]| {
        let document = document(&sandbox, code, args);
        assert_eq!(document["exitCode"], code, "{args:?}");
        let errors = document["errors"].as_array().expect("errors");
        assert!(!errors.is_empty(), "{args:?}");
        for error in errors {
            assert!(error["code"].is_string() && error["hints"].is_array(), "{args:?}: {error}");
            assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        }
        let output = sandbox.run(code, args.iter().copied().chain(["-q"]));
        assert_eq!(stdout(&output), "", "{args:?}");
        assert!(!stderr(&output).is_empty(), "{args:?} says nothing with -q");
        document
    };
    let table = promised();
    for verb in mlctl::cli::command().get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let name = verb.get_name();
        wrong(2, &[name, "--no-such-flag"]);
        let has_row = table.iter().any(|(verbs, _)| verbs.iter().any(|verb| verb == name));
        assert!(has_row, "the README says nothing of the document of {name}");
    }
    for verb in [
        "status",
        "logs",
        "wait",
        "cancel",
        "why",
        "outputs",
        "undeploy",
        "rollback",
        "tune trials",
        "tune best",
        "tune resume",
        "models show",
        "model inspect",
        "rollout status",
        "cleanup --yes",
    ] {
        let args: Vec<&str> = verb.split(' ').chain(["nope"]).collect();
        wrong(4, &args);
    }
    wrong(4, &["train", "nope.py"]);
    let refused = document(&sandbox, 2, &["man"]);
    assert_eq!(refused["errors"][0]["code"], "usage");
    let spec = wrong(3, &["train", "wrong.yaml"]);
    let place = &spec["errors"][0]["place"];
    assert_eq!((&place["file"], &place["line"]), (&"wrong.yaml".into(), &5.into()), "{spec}");
}

#[test]
fn a_pipe_gets_what_the_commands_print_and_quiet_hides_no_failure() {
    let sandbox = sandbox();
    let loud = sandbox.run(0, ["train", "ok.sh"]);
    assert_eq!(stdout(&loud), "loss=0.5 epoch=1\n");
    assert!(stderr(&loud).contains("attempt 1 starts"), "{}", stderr(&loud));
    let quiet = sandbox.run(0, ["train", "ok.sh", "-q"]);
    assert_eq!((stdout(&quiet), stderr(&quiet)), ("loss=0.5 epoch=1\n".into(), String::new()));
    let mut lines: Vec<_> =
        stdout(&sandbox.run(0, ["train", "two.yaml"])).lines().map(str::to_owned).collect();
    lines.sort();
    let wanted = ["worker-0 | one", "worker-0 | two", "worker-1 | one", "worker-1 | two"];
    assert_eq!(lines, wanted);
    for args in [["train", "bad.sh", "-q"], ["wait", "bad", "-q"]] {
        let failed = sandbox.run(10, args);
        assert_eq!(stdout(&failed), if args[0] == "train" { "before\n" } else { "" });
        assert!(stderr(&failed).contains("exit code 3"), "{}", stderr(&failed));
    }
    for line in [
        "list",
        "status ok",
        "why ok",
        "wait ok",
        "logs ok",
        "cost",
        "validate ok.sh",
        "init plain p",
        "cancel ok",
        "cleanup --dry-run",
        "models list",
        "convert ok.sh",
        "state path",
        "schema",
    ] {
        let output = sandbox.run(0, line.split(' ').chain(["-q"]));
        assert_eq!(stderr(&output), "", "{line}");
    }
    sandbox.run(0, ["train", "slow.sh", "--detach", "-q"]);
    let late = sandbox.run(130, ["wait", "slow", "--timeout", "1ms", "-q"]);
    assert!(stderr(&late).contains("goes on"), "{}", stderr(&late));
    sandbox.run(0, ["cancel", "slow"]);
    sandbox.wait_until_empty(Duration::from_secs(20));
}
