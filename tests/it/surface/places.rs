//! Runs by where they are: found, listed and refused there.

use super::{QUICK, far_from_clusters, plain, told};
use crate::support::{Sandbox, stdout};

/// A run of this machine, and one of the cluster `prod` that has ended and is remembered.
fn one_here_and_one_there() -> Sandbox {
    let sandbox = far_from_clusters();
    sandbox.write("mlctl.yaml", QUICK);
    let run = sandbox.run(0, ["train", "-q", "--detach"]);
    let here = stdout(&run).trim().to_owned();
    sandbox.run(0, ["wait", "-q"]);
    let there = here.replace("loc-", "far-");
    let runs = sandbox.state().join("runs");
    let changed = |text: &str| {
        let text = text.replace(&here, &there).replace("\"name\":\"loc\"", "\"name\":\"far\"");
        let text = text.replace("\"name\": \"loc\"", "\"name\": \"far\"");
        let text = text.replace("\"runtime\": \"local\"", "\"runtime\": \"prod/team-a\"");
        text.replace("\"runtime\":\"local\"", "\"runtime\":\"prod/team-a\"")
    };
    fs_err::create_dir(runs.join(&there)).expect("a folder");
    for file in ["run.json", "plan.json"] {
        let text = fs_err::read_to_string(runs.join(&here).join(file)).expect("a file of the run");
        fs_err::write(runs.join(&there).join(file), changed(&text)).expect("written");
    }
    let index = sandbox.state().join("index");
    let text = fs_err::read_to_string(&index).expect("the index");
    fs_err::write(&index, format!("{text}{}", changed(&text))).expect("written");
    sandbox
}

#[test]
fn runs_are_found_where_they_are() {
    let sandbox = one_here_and_one_there();
    let lines = [
        "mlctl list -q",
        "mlctl list -q --runtime local",
        "mlctl list -q --runtime kubernetes",
        "mlctl list -q --context prod",
        "mlctl list -q -n team-a",
        "mlctl list -q --runtime prod/team-a",
        "mlctl list --context prod -n team-b",
        "mlctl list --context stage",
        "mlctl list --context prot",
        "mlctl list -n 5",
        "mlctl list -q --limit 0",
        "mlctl list -q --limit 1",
        "mlctl list -q -A",
        "mlctl list -q --all",
        "mlctl list --all --limit 1",
        "mlctl list --all-users",
        "mlctl list --runtime prod",
        "mlctl list --runtime local --context prod",
        "mlctl cancel far --context prod -n team-a",
        "mlctl cancel loc --context prod -n team-a --runtime kubernetes",
        "mlctl cancel far --runtime local",
        "mlctl logs -n 5",
        "mlctl logs nope -n team-a",
        "mlctl outputs s3://bucket/out --context prod",
        "mlctl predict http://127.0.0.1:1 --json 1 -n team-a",
        "mlctl render --runtime local",
        "mlctl doctor --runtime local --image x",
        "mlctl cluster manifests -n ml",
        "mlctl logs -o json",
    ];
    let all: Vec<String> = lines.iter().map(|line| plain(&told(&sandbox, line))).collect();
    insta::assert_snapshot!(all.join("\n"));
}
