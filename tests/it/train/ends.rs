//! What says that a run has ended says it when nothing of it is left.

use std::process::Stdio;
use std::time::Duration;

use crate::support::{Sandbox, stderr, stdout, wait_for};

/// Its command ends only when somebody writes a file, within a grace period that no test uses up.
const STUBBORN: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: stubborn\ngrace: 10m\n\
     command: [sh, -c, 'trap \"\" TERM; echo up; while [ ! -f GO ]; do sleep 0.1; done']\n";

#[test]
fn whoever_waits_for_an_end_finds_nothing_left() {
    let sandbox = Sandbox::new();
    for (verb, code) in [("wait", 12), ("cancel", 0)] {
        let go = sandbox.dir().join(format!("{verb}-go"));
        sandbox.write("mlctl.yaml", &STUBBORN.replace("GO", &go.display().to_string()));
        sandbox.run(0, ["train", "--detach"]);
        // Before that it doesn't know of the signal.
        let is_up = || stdout(&sandbox.run(0, ["logs"])).contains("up");
        wait_for("its first line", Duration::from_secs(60), is_up);
        sandbox.run(0, ["cancel", "--no-wait"]);
        let record = || stdout(&sandbox.run(0, ["status", "-o", "json"]));
        let recorded = || record().contains("\"state\": \"cancelled\"");
        wait_for("the verdict", Duration::from_secs(60), recorded);
        let mut waiting = sandbox.mlctl([verb]);
        let waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut waiting = waiting.expect("mlctl");
        std::thread::sleep(Duration::from_millis(500));
        let ended = waiting.try_wait().expect("its state");
        assert!(ended.is_none(), "{verb} came back early: {ended:?}");
        fs_err::write(go, "").expect("a file");
        let output = waiting.wait_with_output().expect("its output");
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(sandbox.processes().is_empty(), "{verb} came back early: {said}");
        if verb == "cancel" {
            assert!(said.contains("its last processes are ending"), "{said}");
            assert!(said.contains("nothing of stubborn-"), "{said}");
        }
        let said = stderr(&sandbox.run(0, ["cancel"]));
        assert!(said.trim_end().ends_with("has already been cancelled"), "{said}");
    }
}
