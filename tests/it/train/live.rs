//! What stands at a terminal while a run is followed: what Ctrl-C did, lines of every replica, keys.

use std::time::{Duration, Instant};

use crate::pty::driven;
use crate::support::Sandbox;

/// The picture that was drawn last.
fn picture(shown: &[u8]) -> String {
    let text = String::from_utf8_lossy(shown);
    text.rsplit("\x1b[?2026h").next().unwrap_or_default().to_owned()
}

#[test]
fn a_notice_stays_and_a_key_leaves_the_lines_out_and_brings_all_of_them_back() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "mlctl.yaml",
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: live\nroles: {worker: {replicas: 2}}\n\
         command: [sh, -c, 'for i in $(seq 300); do echo line $i; sleep 0.1; done']\n",
    );
    let (mut pressed, mut again) = (None, false);
    let mut interrupted: Option<Instant> = None;
    let (mut was_alone, mut late) = (false, Vec::new());
    let (shown, status) = driven(&mut sandbox.mlctl(["train"]), "", |shown, person| {
        let (all, last) = (String::from_utf8_lossy(shown), picture(shown));
        let prints = |who: &str| all.contains(&format!("{who}\x1b[0m | line 1"));
        if pressed.is_none() && prints("worker-0") && prints("worker-1") {
            person.press("l");
            pressed = Some(Instant::now());
        } else if let (Some(at), None) = (pressed, interrupted)
            && last.contains("l: what is printed, too")
            && at.elapsed() > Duration::from_millis(600)
        {
            was_alone |= !last.contains("| line ");
            if !again {
                person.press("l");
                again = true;
            }
        } else if again && interrupted.is_none() && last.contains("l: this table only") {
            person.interrupt();
            interrupted = Some(Instant::now());
        } else if interrupted.is_some_and(|at| at.elapsed() > Duration::from_secs(1)) {
            late.push(last);
        }
    });
    let shown = String::from_utf8_lossy(&shown);
    assert_eq!(status.code(), Some(130), "{shown}");
    assert!(was_alone, "the table stands alone once the key was pressed:\n{shown}");
    let is_shown = |n: &u32| shown.contains(&format!("worker-0\x1b[0m | line {n}\r\n"));
    let lost: Vec<u32> = (1..=6).filter(|n| !is_shown(n)).collect();
    assert!(lost.is_empty(), "{lost:?} were printed meanwhile and never shown:\n{shown}");
    let notice = "detaching; press Ctrl-C again to cancel the run";
    assert!(late.iter().any(|last| last.contains(notice)), "it was wiped away:\n{shown}");
    // It stands in the picture once, and stays when that has gone.
    let (_, rest) = shown.rsplit_once("\x1b[?2026h").expect("a picture");
    assert_eq!(rest.matches(notice).count(), 1, "{rest}");
    sandbox.run(0, ["cancel", "live"]);
    sandbox.wait_until_empty(Duration::from_secs(20));
}
