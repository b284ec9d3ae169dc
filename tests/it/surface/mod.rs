//! The command line as people type it: flags that count, words of other tools, helps, completion.

mod completion;
mod flags;
mod hints;
mod places;
mod words;

use std::process::Command;

use crate::support::{Sandbox, stderr, stdout};

/// A run that ends at once.
const QUICK: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: loc
command: [\"true\"]
args: {epochs: 5}
";

/// A sandbox whose kubeconfig has the contexts `prod` and `stage`, and chooses none: nothing can be reached.
fn far_from_clusters() -> Sandbox {
    let sandbox = Sandbox::new();
    let kubeconfig = "\
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:9'}}]
contexts:
- {name: prod, context: {cluster: c, user: u}}
- {name: stage, context: {cluster: c, user: u}}
users: [{name: u, user: {}}]
";
    sandbox.write("../home/.kube/config", kubeconfig);
    sandbox
}

/// What a command line comes to, as people see it.
fn told(sandbox: &Sandbox, line: &str) -> String {
    let output = shell(sandbox, line).output().expect("a shell");
    let code = output.status.code().expect("an exit code");
    format!("$ {line}\n{}{}exit {code}\n", stdout(&output), stderr(&output))
}

/// A command line in a shell that finds mlctl.
fn shell(sandbox: &Sandbox, line: &str) -> Command {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_mlctl"));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(sandbox.dir()).env_clear();
    for (name, value) in sandbox.mlctl(["list"]).get_envs() {
        command.env(name, value.expect("set"));
    }
    let folder = program.parent().expect("a folder").display();
    command.env("PATH", format!("{folder}:{path}")).stdin(std::process::Stdio::null());
    command
}

/// Ids without what is random in them.
fn plain(text: &str) -> String {
    let id = regex::Regex::new(r"\b(loc|far)-[a-z0-9]{6}\b").expect("a pattern");
    id.replace_all(text, "$1-ABC123").into_owned()
}
