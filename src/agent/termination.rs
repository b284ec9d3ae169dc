//! The termination message: at most 4,096 bytes that survive the agent.

use std::path::Path;

use fs_err::OpenOptions;
use std::os::unix::fs::FileExt;

use super::config::{AgentConfig, AgentRuntime};
use super::pod::TERMINATION_FILE;
use crate::gang::TerminationMessage;

/// Replaces the message so that a reader always finds a whole one, whenever the agent is killed.
pub(super) fn write(config: &AgentConfig, message: &TerminationMessage) -> std::io::Result<()> {
    let bytes = message.to_bytes();
    match config.runtime {
        AgentRuntime::Processes => replace(&config.termination_file, &bytes),
        AgentRuntime::Pod => overwrite(&config.termination_file, bytes),
    }
}

/// Puts a new file in the place of the old one.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let partial = path.with_extension("end.new");
    fs_err::write(&partial, bytes)?;
    fs_err::rename(&partial, path)
}

/// In a pod the file is a mount, which no other file can be renamed over. One write covers all of
/// the older text, with spaces that JSON ignores.
fn overwrite(path: &Path, mut bytes: Vec<u8>) -> std::io::Result<()> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
    let length = bytes.len();
    let before = usize::try_from(file.metadata()?.len()).unwrap_or(length);
    bytes.resize(before.max(length), b' ');
    file.file().write_all_at(&bytes, 0)?;
    file.set_len(length as u64)
}

/// Says why a pod that can't run its replica ends, where the kubelet looks for it.
pub fn report_unusable_pod(reason: &str) {
    report_in_pod(format!("mlctl agent: {reason}"));
}

/// Leaves a message, at most 4,096 bytes, where the kubelet looks for it; nothing outside of a pod.
pub fn report_in_pod(message: String) {
    let path = Path::new(TERMINATION_FILE);
    if path.exists() {
        // The log says the same, so that nothing is lost when this fails.
        let _ = overwrite(path, message.into_bytes());
    }
}

/// Reads a message; `None` when there is none or only a part of one.
pub fn read_termination(path: &Path) -> Option<TerminationMessage> {
    serde_json::from_slice(&fs_err::read(path).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::{ReplicaId, TerminationState};

    #[test]
    fn a_shorter_message_leaves_nothing_of_a_longer_one() {
        let message = |reason: &str| TerminationMessage {
            run: "r-abc123".into(),
            replica: ReplicaId::new("worker", 0),
            pod_uid: "p".into(),
            generation: 0,
            epoch: (0, 1),
            state: TerminationState::Exiting,
            terminated_from_outside: false,
            verdict: None,
            first_failure: None,
            exit: None,
            reason: reason.into(),
        };
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("termination-log");
        for reason in ["a long reason to go", "short"] {
            overwrite(&path, message(reason).to_bytes()).unwrap();
            assert_eq!(read_termination(&path).unwrap().reason, reason);
        }
        assert!(fs_err::read(&path).unwrap().ends_with(b"}"));
        replace(&path, &message("other").to_bytes()).unwrap();
        assert_eq!(read_termination(&path).unwrap().reason, "other");
    }
}
