//! Many mlctl on one state folder.

use std::collections::BTreeSet;
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
