//! What says that a run has ended says it when nothing of it is left.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use crate::support::{Sandbox, stderr, stdout, wait_for};

/// Its command ends when somebody has written a file, after a while of which the other file tells, within a grace
/// period that no test uses up.
const STUBBORN: &str = "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: stubborn\ngrace: 10m\n\
     command: [sh, -c, 'trap \"\" TERM; echo up; while [ ! -f GO ]; do sleep 0.1; done; sleep 2; touch GO-ended']\n";

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
        let waiting = waiting.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut waiting = waiting.expect("mlctl");
        let mut told = BufReader::new(waiting.stderr.take().expect("its words"));
        let mut said = String::new();
        while verb == "cancel" && !said.contains("its last processes are ending") {
            assert!(told.read_line(&mut said).expect("a line") > 0, "{verb} came back: {said}");
        }
        fs_err::write(&go, "").expect("a file");
        told.read_to_string(&mut said).expect("the rest");
        assert_eq!(waiting.wait().expect("its end").code(), Some(code), "{said}");
        let ended = go.with_file_name(format!("{verb}-go-ended"));
        assert!(ended.exists(), "{verb} came back early: {said}");
        assert!(sandbox.processes().is_empty(), "{verb} came back early: {said}");
        if verb == "cancel" {
            assert!(said.contains("its last processes are ending"), "{said}");
            assert!(said.contains("nothing of stubborn-"), "{said}");
        }
        let said = stderr(&sandbox.run(0, ["cancel"]));
        assert!(said.trim_end().ends_with("has already been cancelled"), "{said}");
    }
}
