//! The README's tour, pasted into a shell.

use std::process::Command;

use crate::kube::Kube;
use crate::support::{Sandbox, repository, stderr, stdout};

/// Commands of the blocks behind this fence, each with the output that the README shows for it.
fn tour(readme: &str, fence: &str) -> Vec<(String, Vec<String>)> {
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in readme.lines() {
        match (line.starts_with("```"), line.strip_prefix("$ ")) {
            (true, _) => inside = line == fence,
            (false, Some(command)) if inside => commands.push((command.into(), Vec::new())),
            // A command that goes on in the next line.
            (false, _) if inside && commands.last().is_some_and(|(all, _)| all.ends_with('\\')) => {
                let all = &mut commands.last_mut().expect("a command").0;
                all.pop();
                all.push_str(line.trim());
            }
            (false, _) if inside => commands.last_mut().expect("a command").1.push(line.into()),
            _ => {}
        }
    }
    commands
}

/// What stays the same from run to run: no ids, times or durations. Which replica comes first in an
/// event is open.
fn stable(line: &str) -> String {
    let is_time = |word: &str| word.len() == 8 && word.split(':').count() == 3;
    let is_duration =
        |word: &str| word.strip_suffix('s').is_some_and(|number| number.parse::<f64>().is_ok());
    let words = line.split_whitespace().filter(|word| !is_time(word) && !is_duration(word));
    let words = words.map(|word| match word.split_once("hello-") {
        Some((before, rest)) => format!("{before}hello-ID{}", rest.get(6..).unwrap_or_default()),
        None if word.starts_with("worker-") && word.ends_with(':') => "worker-N:".into(),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn first(line: &str) -> String {
    line.split_whitespace().next().unwrap_or_default().to_owned()
}

/// Runs each command in the sandbox's folder and looks for what the README shows of its output.
pub fn take(sandbox: &Sandbox, fence: &str, more_path: &str) {
    let readme = fs_err::read_to_string(repository().join("README.md")).expect("README");
    let tour = tour(&readme, fence);
    assert!(tour.len() >= 2, "the README has a tour");
    // What is measured is never the same: what it is measured of is.
    let is_measured = fence.ends_with(" export");
    for (command, shown) in tour {
        let mlctl = sandbox.mlctl(["--version"]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &command]).current_dir(sandbox.dir()).env_clear();
        shell.envs(mlctl.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let bin = std::path::Path::new(env!("CARGO_BIN_EXE_mlctl")).parent().expect("a folder");
        let path = std::env::var("PATH").expect("PATH");
        shell.env("PATH", format!("{}:{more_path}:{path}", bin.display()));
        let output = shell.output().expect("sh");
        let expected = if command.contains("validate bad.yaml") { 3 } else { 0 };
        let text = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(expected), "{command}\n{text}");
        let home = sandbox.home().display().to_string();
        let said: Vec<String> = text.replace(&home, "~").lines().map(stable).collect();
        for line in shown.iter().filter(|line| !matches!(line.as_str(), "..." | "")) {
            let wanted = if is_measured { first(line) } else { stable(line) };
            assert!(!wanted.is_empty(), "`{line}` says nothing that could be looked for");
            let is_said = |line: &String| *line == wanted || is_measured && first(line) == wanted;
            assert!(said.iter().any(is_said), "`{command}` no longer says `{line}`:\n{text}");
        }
    }
}

#[test]
fn every_command_of_the_tour_works() {
    take(&Sandbox::new(), "```console", "");
}

#[test]
fn every_command_on_files_of_other_systems_works() {
    let sandbox = Sandbox::new();
    for name in ["sky.yaml", "pytorchjob.yaml"] {
        let path = format!("examples/imports/{name}");
        let text = fs_err::read_to_string(repository().join(&path)).expect("an example");
        sandbox.write(&path, &text);
    }
    take(&sandbox, "```console imports", "");
}

#[test]
fn every_command_on_a_cluster_works() {
    // The images that the README names are in the tests' own cluster only.
    let Some(kube) = Kube::own() else { return };
    kube.run(0, ["init", "plain", "hello"]);
    take(&kube.sandbox, "```console cluster", &kube.cluster.kubectl_folder());
    kube.kubectl(["wait", "--for=condition=Complete", "--timeout=120s", "jobs", "--all"]);
}

/// The steps of the pipeline, one after the other, where nobody can answer.
#[test]
fn every_step_of_the_pipeline_works() {
    let Some(kube) = Kube::own() else { return };
    kube.run(0, ["init", "plain", "hello"]);
    let readme = fs_err::read_to_string(repository().join("README.md")).expect("README");
    let (_, block) = readme.split_once("```yaml pipeline\n").expect("a pipeline");
    let (block, _) = block.split_once("```").expect("its end");
    let steps: Vec<serde_json::Value> = serde_saphyr::from_str(block).expect("YAML");
    for step in steps {
        let step = step["run"].as_str().expect("a command");
        let words: Vec<&str> = step.split_whitespace().collect();
        assert_eq!(words[0], "mlctl", "{step}");
        let mut command = kube.mlctl(&words[1..]);
        command.env("CI", "true").env("XDG_CACHE_HOME", kube.sandbox.home().join("cache"));
        let output = command.output().expect("mlctl");
        assert!(output.status.success(), "{step}\n{}", stderr(&output));
    }
}
