//! What a press of TAB gives, by the scripts of real shells.

use std::process::Command;

use super::{QUICK, far_from_clusters, plain, shell};
use crate::pty::answering;
use crate::support::{Sandbox, repository, skip, stderr, stdout};

/// A sandbox with a run of two replicas that has ended.
fn sandbox() -> Sandbox {
    let sandbox = far_from_clusters();
    sandbox.write(
        "mlctl.yaml",
        &format!("{QUICK}roles: {{worker: {{replicas: 2}}}}\nlabels: {{team: vision}}\n"),
    );
    sandbox.run(0, ["train", "-q", "--detach"]);
    sandbox.run(0, ["wait", "-q"]);
    sandbox
}

/// What is offered behind words; the last one is being typed.
fn offered(sandbox: &Sandbox, line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let args = ["complete", "fish", "--"].into_iter().chain(words);
    let output = sandbox.run(0, args);
    assert!(stderr(&output).is_empty(), "{line}: {}", stderr(&output));
    let lines: Vec<String> = stdout(&output).lines().take(6).map(str::to_owned).collect();
    format!("$ {line}\n{}\n", lines.join("\n"))
}

#[test]
fn values_come_from_what_is_known() {
    let sandbox = sandbox();
    fs_err::create_dir_all(sandbox.state().join("models/digits/3")).expect("a model");
    let lines = [
        "mlctl log",
        "mlctl agent",
        "mlctl logs l",
        "mlctl status --context prod ",
        "mlctl cancel ",
        "mlctl logs loc --replica ",
        "mlctl logs loc --role w",
        "mlctl list --state runn",
        "mlctl list --state=running,succ",
        "mlctl list --name ",
        "mlctl list --label ",
        "mlctl --context ",
        "mlctl list --runtime ",
        "mlctl train --set ",
        "mlctl train ",
        "mlctl train --on-interrupt ",
        "mlctl train x.py -- ",
        "mlctl explain TrainJob.re",
        "mlctl explain ",
        "mlctl schema T",
        "mlctl init p",
        "mlctl init plain ",
        "mlctl models show ",
        "mlctl models pull digits@",
        "mlctl help models r",
        "mlctl logs --t",
        "mlctl explain --con",
        "mlctl nonsense ",
    ];
    let ago = regex::Regex::new(r", \d+\w+ ago").expect("a pattern");
    let all: Vec<String> = lines.iter().map(|line| plain(&offered(&sandbox, line))).collect();
    insta::assert_snapshot!(ago.replace_all(&all.join("\n"), ", 1s ago"));
}

/// Nothing that people don't call is offered, and without a state none is made.
#[test]
fn no_verb_of_agents_is_offered() {
    let sandbox = Sandbox::new();
    let all = stdout(&sandbox.run(0, ["complete", "bash", "--", "mlctl", ""]));
    let offered: Vec<&str> = all.lines().filter_map(|line| line.split('\t').next()).collect();
    let command = mlctl::cli::command();
    let shown = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    assert_eq!(offered, shown.map(clap::Command::get_name).collect::<Vec<_>>());
    sandbox.run(0, ["complete", "bash", "--", "mlctl", "logs", ""]);
    assert!(!sandbox.state().exists(), "a TAB has made a state");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&sandbox.run(0, ["completions", shell]));
        for hidden in ["agent", "tune-loop", "serve-loop", "serve-replica", "batch-worker"] {
            assert!(!script.contains(hidden), "{shell}: {hidden}");
        }
    }
}

fn has(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        skip(&format!("there is no {program}"));
    }
    there
}

/// TAB in bash gives a run's name, a state behind its `=`, and a version behind its `@`.
#[test]
fn bash_completes() {
    // Of util-linux; it makes the terminal the one of bash.
    if !has("bash") || !has("setsid") {
        return;
    }
    let sandbox = sandbox();
    fs_err::create_dir_all(sandbox.state().join("models/digits/3")).expect("a model");
    // What is typed before bash asks for it is not shown, so each line says what it has become.
    let rc = format!(
        "source {}\nmlctl() {{ if [ \"$1\" = complete ]; then command mlctl \"$@\"; else echo \"GOT:$*:\"; fi; }}\n",
        repository().join("completions/mlctl.bash").display()
    );
    sandbox.write("rc", &rc);
    let mut command = shell(&sandbox, "exec setsid -c -w bash --noprofile --rcfile rc -i");
    command.env("LC_ALL", "C.UTF-8");
    let typed = [
        "mlctl logs lo\t",
        "mlctl list --state=succ\t",
        "mlctl models show digits@\t",
        "mlctl train mlctl.y\t",
        "mlctl train --set ar\t9",
        "exit",
    ];
    let (shown, _) = answering(&mut command, &(typed.join("\r") + "\r"));
    let shown = String::from_utf8_lossy(&shown);
    for line in [
        "logs loc",
        "list --state=succeeded",
        "models show digits@3",
        "train mlctl.yaml",
        "train --set args.epochs=9",
    ] {
        assert!(shown.contains(&format!("GOT:{line}")), "{line}: {shown}");
    }
}

/// The same in fish, which can be asked without a terminal.
#[test]
fn fish_completes() {
    if !has("fish") {
        return;
    }
    let sandbox = sandbox();
    let script = repository().join("completions/mlctl.fish");
    let asked = |line: &str| {
        let line =
            format!("fish --no-config -c \"source {}; complete -C '{line}'\"", script.display());
        stdout(&shell(&sandbox, &line).output().expect("fish"))
    };
    assert!(asked("mlctl logs lo").starts_with("loc\tsucceeded"), "{}", asked("mlctl logs lo"));
    assert!(asked("mlctl list --state=run").starts_with("--state=running"));
    assert!(
        asked("mlctl train mlctl.y").starts_with("mlctl.yaml"),
        "{}",
        asked("mlctl train mlctl.y")
    );
}

/// The same in zsh, in a terminal of its own.
#[test]
fn zsh_completes() {
    if !has("zsh") {
        return;
    }
    let sandbox = sandbox();
    let folder = sandbox.dir().join("zfunc");
    fs_err::create_dir(&folder).expect("a folder");
    fs_err::copy(repository().join("completions/_mlctl"), folder.join("_mlctl")).expect("copied");
    let script = "\
zmodload zsh/zpty
zpty -b z zsh -f -i
zpty -w z 'PS1=; fpath=(zfunc $fpath); autoload -Uz compinit; compinit -u -D; bindkey \"^I\" complete-word'
sleep 1
zpty -w -n z $'mlctl logs lo\\t'
sleep 1
zpty -w -n z $'\\x15mlctl list --state=succ\\t'
sleep 1
zpty -r z text '*succeeded*' && print -r -- $text
zpty -d z
";
    sandbox.write("try.zsh", script);
    let output = shell(&sandbox, "timeout 20 zsh -f try.zsh").output().expect("zsh");
    let shown = stdout(&output) + &stderr(&output);
    assert!(shown.contains("mlctl logs loc"), "{shown}");
    assert!(shown.contains("--state=succeeded"), "{shown}");
}
