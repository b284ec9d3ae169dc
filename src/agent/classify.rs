//! What the end of a command means for its gang: whose failure it is, and why.

use rustix::process::Signal;

use super::process::Ended;
use crate::gang::{Exit, ExitStatus, FailureClass};
use crate::text::{is_out_of_gpu_memory, signal_name};

/// What the agent knows about memory when a command ends.
#[derive(Clone, Debug, Default)]
pub(super) struct MemoryEvidence {
    /// The kernel's count of out-of-memory kills went up while the command ran.
    pub(super) kills: bool,
    /// The last sample was at 90 % of the limit or more.
    pub(super) near_limit: bool,
    /// What the memory of the replica's accelerators was used for when it was last looked at, in a
    /// clause; empty where that is not known.
    pub(super) accelerators: String,
}

/// Phrases by which a framework says that a peer went away. Sources: gRPC's and TensorFlow's status
/// messages (`tensorflow/core/distributed_runtime`), gloo's and NCCL's transport errors, PyTorch's
/// c10d store, JAX's coordination service, Python's socket errors.
const PEER_LOSS: [&str; 16] = [
    "Connection reset by peer",
    "Connection refused",
    "Connection closed by peer",
    "Broken pipe",
    "Socket closed",
    "UnavailableError",
    "UNAVAILABLE:",
    "failed to connect to all addresses",
    "Collective ops is aborted",
    "CoordinationService",
    "coordination service",
    "ncclRemoteError",
    "ncclSystemError",
    "NCCL communicator was aborted",
    "DistNetworkError",
    "heartbeat timed out",
];

/// EAI_AGAIN in words: the resolver itself says that the next try may do better, so this is not the
/// command's own error (getaddrinfo(3)).
const NAME_LOSS: &str = "Temporary failure in name resolution";

/// ENOSPC and EDQUOT in the C library's words.
const FULL_DISK: [&str; 2] = ["No space left on device", "Disk quota exceeded"];

/// What the reason of such an end says.
const OUT_OF_GPU_MEMORY: &str = "out of GPU memory";

/// Makes an [`Exit`] of how a command ended. Whether the gang killed it is set by the gang's own
/// machine later.
pub(super) fn classify(ended: &Ended, last_lines: Vec<String>, memory: &MemoryEvidence) -> Exit {
    let (status, class, reason) = match ended {
        Ended::NotStarted { reason, .. } => {
            // The same file will be missing at every attempt, so that no budget for retries helps.
            (ExitStatus::NotStarted, Some(FailureClass::UserError), reason.clone())
        }
        Ended::Failed { class, reason } => (ExitStatus::NotStarted, Some(*class), reason.clone()),
        Ended::GuardLost => (
            ExitStatus::Signal(Signal::KILL.as_raw()),
            Some(FailureClass::TransientSignal),
            "killed together with its guard process".into(),
        ),
        Ended::Exited(ExitStatus::Code(code)) => {
            let (class, reason) = by_code(*code, memory);
            (ExitStatus::Code(*code), class, reason)
        }
        Ended::Exited(ExitStatus::Signal(signal)) => {
            let (class, reason) = by_signal(*signal, memory);
            (ExitStatus::Signal(*signal), Some(class), reason)
        }
        Ended::Exited(ExitStatus::NotStarted) => {
            (ExitStatus::NotStarted, Some(FailureClass::Startup), "could not be started".into())
        }
    };
    let has_printed = |phrase: &str| last_lines.iter().any(|line| line.contains(phrase));
    let peer_loss = class.is_some() && PEER_LOSS.iter().any(|phrase| has_printed(phrase));
    let (class, reason) = match class {
        Some(FailureClass::UserError) if has_printed(NAME_LOSS) => {
            (Some(FailureClass::Infrastructure), format!("{reason}: a name did not resolve"))
        }
        // What wrote there is no more to blame than the disk, but nothing else than room helps.
        Some(FailureClass::UserError) if FULL_DISK.iter().any(|phrase| has_printed(phrase)) => {
            (class, format!("{reason}: a disk is full"))
        }
        // The same command would ask for as much again, also where its framework ended by a signal:
        // no budget for retries helps.
        Some(FailureClass::UserError | FailureClass::TransientSignal)
            if is_out_of_gpu_memory(&last_lines) =>
        {
            let seen = &memory.accelerators;
            let seen = if seen.is_empty() { String::new() } else { format!("; {seen}") };
            (Some(FailureClass::UserError), format!("{reason}: {OUT_OF_GPU_MEMORY}{seen}"))
        }
        class => (class, reason),
    };
    Exit { status, class, peer_loss, killed_by_gang: false, reason, last_lines }
}

/// The class and the reason of an exit code. Only 0 has no class.
fn by_code(code: i32, memory: &MemoryEvidence) -> (Option<FailureClass>, String) {
    match code {
        0 => (None, "exit code 0".into()),
        126 => (Some(FailureClass::UserError), "exit code 126: not executable".into()),
        127 => (Some(FailureClass::UserError), "exit code 127: command not found".into()),
        // By such a code a shell says that a signal ended what it ran.
        129..=192 => {
            let (class, reason) = by_signal(code - 128, memory);
            let class = match class {
                FailureClass::TransientSignal if !is_fault(code - 128) => FailureClass::UserError,
                class => class,
            };
            (Some(class), format!("exit code {code}: {reason}"))
        }
        code => (Some(FailureClass::UserError), format!("exit code {code}")),
    }
}

/// The class and the reason of a signal.
fn by_signal(signal: i32, memory: &MemoryEvidence) -> (FailureClass, String) {
    let name = signal_name(signal);
    if signal == Signal::KILL.as_raw() && memory.kills {
        return (FailureClass::OutOfMemory, format!("killed by {name}: out of memory"));
    }
    if signal == Signal::KILL.as_raw() && memory.near_limit {
        let reason =
            format!("killed by {name} at 90 % of its memory or more: out of memory (inferred)");
        return (FailureClass::OutOfMemory, reason);
    }
    (FailureClass::TransientSignal, format!("killed by {name}"))
}

/// The signal is one by which the kernel or a library ends a process, and not one that a person
/// sends.
fn is_fault(signal: i32) -> bool {
    [Signal::ABORT, Signal::SEGV, Signal::BUS, Signal::KILL]
        .iter()
        .any(|fault| fault.as_raw() == signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(status: ExitStatus, memory: &MemoryEvidence) -> Option<FailureClass> {
        classify(&Ended::Exited(status), Vec::new(), memory).class
    }

    #[test]
    fn classes_follow_vertex() {
        let none = &MemoryEvidence::default();
        let oom = &MemoryEvidence { kills: true, ..MemoryEvidence::default() };
        assert_eq!(class(ExitStatus::Code(0), none), None);
        assert_eq!(class(ExitStatus::Code(1), none), Some(FailureClass::UserError));
        for code in [134, 139] {
            assert_eq!(class(ExitStatus::Code(code), none), Some(FailureClass::TransientSignal));
        }
        for signal in [6, 11, 7, 9] {
            assert_eq!(
                class(ExitStatus::Signal(signal), none),
                Some(FailureClass::TransientSignal)
            );
        }
        assert_eq!(class(ExitStatus::Signal(9), oom), Some(FailureClass::OutOfMemory));
        assert_eq!(class(ExitStatus::Code(137), oom), Some(FailureClass::OutOfMemory));
        assert_eq!(class(ExitStatus::Code(143), none), Some(FailureClass::UserError));
    }

    #[test]
    fn a_name_that_does_not_resolve_is_not_the_users_error() {
        let lines = vec![format!("socket.gaierror: [Errno -3] {NAME_LOSS}")];
        let ended = Ended::Exited(ExitStatus::Code(1));
        let exit = classify(&ended, lines.clone(), &MemoryEvidence::default());
        assert_eq!(exit.class, Some(FailureClass::Infrastructure));
        let ended = Ended::Exited(ExitStatus::Code(0));
        assert_eq!(classify(&ended, lines, &MemoryEvidence::default()).class, None);
    }

    #[test]
    fn a_full_disk_is_named() {
        for words in FULL_DISK {
            let lines = vec![format!("OSError: [Errno 28] {words}: 'model.bin'")];
            let ended = Ended::Exited(ExitStatus::Code(1));
            let exit = classify(&ended, lines, &MemoryEvidence::default());
            assert_eq!(exit.reason, "exit code 1: a disk is full");
        }
    }

    #[test]
    fn a_gpu_without_memory_has_a_reason_of_its_own() {
        let memory = MemoryEvidence {
            accelerators: "20.0 of 22.0 GiB in use".into(),
            ..MemoryEvidence::default()
        };
        let lines = vec!["torch.OutOfMemoryError: CUDA out of memory. Tried".to_owned()];
        for (status, start) in
            [(ExitStatus::Code(1), "exit code 1: "), (ExitStatus::Signal(6), "killed by SIGABRT: ")]
        {
            let exit = classify(&Ended::Exited(status), lines.clone(), &memory);
            assert_eq!(exit.class, Some(FailureClass::UserError));
            assert_eq!(exit.reason, format!("{start}out of GPU memory; 20.0 of 22.0 GiB in use"));
        }
        assert_eq!(classify(&Ended::Exited(ExitStatus::Code(0)), lines, &memory).class, None);
    }

    #[test]
    fn a_survivors_error_is_a_peers_loss() {
        let lines = vec!["E0000 UnavailableError: Connection reset by peer".to_owned()];
        assert!(
            classify(&Ended::Exited(ExitStatus::Code(1)), lines, &MemoryEvidence::default())
                .peer_loss
        );
    }
}
