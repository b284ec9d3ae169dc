//! The termination message: at most 4,096 bytes that survive the agent.

use std::path::Path;

use crate::gang::{Exit, TERMINATION_LIMIT, TerminationMessage};

/// Replaces the message, atomically where the folder allows it. In a pod the file is a mount that
/// can't be renamed over, and is written in place.
pub(super) fn write(path: &Path, message: &TerminationMessage) -> std::io::Result<()> {
    let bytes = encode(message);
    let beside = path.with_extension("end.new");
    let renamed = fs_err::write(&beside, &bytes).and_then(|()| fs_err::rename(&beside, path));
    if renamed.is_err() {
        // Only an unfinished copy of the same text is lost.
        let _ = fs_err::remove_file(&beside);
        return fs_err::write(path, &bytes);
    }
    Ok(())
}

/// Reads a message; `None` when there is none or only a part of one.
pub fn read_termination(path: &Path) -> Option<TerminationMessage> {
    serde_json::from_slice(&fs_err::read(path).ok()?).ok()
}

/// JSON within the kubelet's limit: last lines go first, then reasons are cut.
fn encode(message: &TerminationMessage) -> Vec<u8> {
    let mut message = message.clone();
    for (lines, chars) in [(20, 1000), (8, 300), (4, 160), (2, 80), (0, 60), (0, 20)] {
        shorten(&mut message, lines, chars);
        if let Ok(bytes) = serde_json::to_vec(&message)
            && bytes.len() <= TERMINATION_LIMIT
        {
            return bytes;
        }
    }
    Vec::new()
}

fn shorten(message: &mut TerminationMessage, lines: usize, chars: usize) {
    let cut = |text: &mut String| {
        if let Some((at, _)) = text.char_indices().nth(chars) {
            text.truncate(at);
            text.push('…');
        }
    };
    let cut_exit = |exit: &mut Option<Exit>| {
        if let Some(exit) = exit {
            cut(&mut exit.reason);
            let surplus = exit.last_lines.len().saturating_sub(lines);
            exit.last_lines.drain(..surplus);
            exit.last_lines.iter_mut().for_each(cut);
        }
    };
    cut(&mut message.reason);
    cut_exit(&mut message.exit);
    let verdict = message.verdict.as_mut();
    if let Some(verdict) = verdict {
        cut(&mut verdict.reason);
        if let Some(failure) = &mut verdict.first_failure {
            cut(&mut failure.reason);
            cut_exit(&mut failure.exit);
        }
    }
    if let Some(failure) = &mut message.first_failure {
        cut(&mut failure.reason);
        cut_exit(&mut failure.exit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::{
        ExitStatus, FailureClass, FirstFailure, ReplicaId, TerminationState, Verdict,
    };

    #[test]
    fn the_longest_message_fits_and_keeps_its_verdict() {
        let exit = Exit {
            status: ExitStatus::Code(1),
            class: Some(FailureClass::UserError),
            peer_loss: false,
            killed_by_gang: false,
            reason: "é".repeat(5000),
            last_lines: vec!["\u{1}".repeat(4000); 50],
        };
        let failure = FirstFailure {
            attempt: 1,
            replica: ReplicaId::new("worker", 1),
            class: FailureClass::UserError,
            exit: Some(exit.clone()),
            reason: "r".repeat(9000),
        };
        let message = TerminationMessage {
            run: "r-abc123".into(),
            replica: ReplicaId::new("worker", 0),
            pod_uid: "p".into(),
            generation: 0,
            epoch: (0, 1),
            state: TerminationState::Exiting,
            terminated_from_outside: false,
            verdict: Some(Verdict {
                outcome: crate::gang::Outcome::Failed,
                attempt: 1,
                first_failure: Some(failure.clone()),
                reason: "x".repeat(9000),
            }),
            first_failure: Some(failure),
            exit: Some(exit),
            reason: String::new(),
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("worker-0.end");
        write(&path, &message).unwrap();
        assert!(fs_err::metadata(&path).unwrap().len() <= TERMINATION_LIMIT as u64);
        let read = read_termination(&path).unwrap();
        assert_eq!(read.verdict.unwrap().outcome, crate::gang::Outcome::Failed);
    }
}
