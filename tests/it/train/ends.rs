//! What says that a run has ended says it when nothing of it is left.

use std::time::Duration;

use crate::support::{Sandbox, stderr, stdout, wait_for};

/// Its command has to be killed, which takes its grace period.
const STUBBORN: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: stubborn\ngrace: 6s\n\
     command: [sh, -c, 'trap \"\" TERM; echo up; while :; do sleep 0.1; done']\n";

#[test]
fn whoever_waits_for_an_end_finds_nothing_left() {
    let sandbox = Sandbox::new();
    sandbox.write("mlctl.yaml", STUBBORN);
    for (verb, code) in [("wait", 12), ("cancel", 0)] {
        sandbox.run(0, ["train", "--detach"]);
        sandbox.run(0, ["cancel", "--no-wait"]);
        let record = || stdout(&sandbox.run(0, ["status", "-o", "json"]));
        let recorded = || record().contains("\"state\": \"cancelled\"");
        wait_for("the verdict", Duration::from_secs(20), recorded);
        assert!(!sandbox.processes().is_empty(), "the grace period is over already");
        let said = stderr(&sandbox.run(code, [verb]));
        assert!(sandbox.processes().is_empty(), "{verb} came back early: {said}");
        if verb == "cancel" {
            assert!(said.contains("its last processes are ending"), "{said}");
            assert!(said.contains("nothing of stubborn-"), "{said}");
        }
        let said = stderr(&sandbox.run(0, ["cancel"]));
        assert!(said.trim_end().ends_with("has already been cancelled"), "{said}");
    }
}
