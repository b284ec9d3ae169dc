//! Many mlctl on one state folder.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Sandbox, heavy, stderr, stdout};

#[test]
fn fifty_at_once_lose_nothing() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: many\ncommand: ['true']\n",
    );
    let children: Vec<_> = (0..50)
        .map(|_| sandbox.mlctl(["train"]).stderr(Stdio::piped()).spawn().expect("mlctl starts"))
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("end");
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let ids = stdout(&sandbox.run(0, ["list", "-q", "--limit", "0"]));
    let ids: BTreeSet<&str> = ids.lines().collect();
    assert_eq!(ids.len(), 50);
    let succeeded = stdout(&sandbox.run(0, ["list", "-q", "--limit", "0", "--state", "succeeded"]));
    assert_eq!(succeeded.lines().count(), 50);
    sandbox.wait_until_empty(Duration::from_secs(30));
}

/// The jobs of one file run side by side, and none hides another: each line names its run, and whoever
/// ends first is told first.
#[test]
fn the_jobs_of_a_file_are_followed_together() {
    let sandbox = Sandbox::new();
    let job = |name: &str, script: &str| {
        format!(
            "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: {name}\ncommand: [sh, -c, '{script}']\n"
        )
    };
    let fast = job("fast", "echo here");
    let slow = job(
        "slow",
        "echo waits; i=0; until test -e $END -o $i -gt 300; do i=$((i+1)); sleep 0.1; done; echo seen; exit 3",
    );
    sandbox.write("two.yaml", &format!("{slow}---\n{fast}"));
    let end = sandbox.dir().join("end");
    let mut command = sandbox.mlctl(["train", "two.yaml"]);
    let (reader, writer) = std::io::pipe().expect("a pipe");
    command.env("END", &end).stdout(writer.try_clone().expect("its end")).stderr(writer);
    let mut follower = command.spawn().expect("mlctl starts");
    drop(command);
    let mut lines = BufReader::new(reader).lines();
    let mut said = Vec::new();
    // The first of the file still waits when the end of the second is told.
    while !said.iter().any(|line: &String| line.contains("fast-") && line.contains("succeeded")) {
        said.push(lines.next().expect("a line").expect("text"));
    }
    fs_err::write(end, "").expect("a file");
    said.extend(lines.map(|line| line.expect("text")));
    assert_eq!(follower.wait().expect("an end").code(), Some(10), "{said:#?}");
    let of = |run: &str, text: &str| {
        said.iter()
            .any(|line| line.starts_with(run) && line.contains(&format!("worker-0 | {text}")))
    };
    assert!(of("fast-", "here") && of("slow-", "waits") && of("slow-", "seen"), "{said:#?}");
    let last = said.iter().rposition(|line| line.contains("slow-") && line.contains("failed"));
    let first = said.iter().position(|line| line.contains("fast-") && line.contains("succeeded"));
    assert!(first < last, "{said:#?}");
}
