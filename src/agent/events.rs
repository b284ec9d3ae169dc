//! The events of the gang's machines as events of the log.

use crate::event::{EventKind, WaitingReason};
use crate::gang::{Attempt, GangConfig, GangEvent, MemberEvent, ReplicaId};

/// An event of the gang as the log has it: the attempt, the replica, and what happened. The replica
/// is `None` for an event of the whole gang.
pub(super) fn of_gang(
    event: GangEvent,
    config: &GangConfig,
    attempt: Attempt,
) -> (Attempt, Option<ReplicaId>, EventKind) {
    match event {
        GangEvent::Joined { replica, missing, .. } => {
            (attempt, Some(replica), EventKind::Joined { missing })
        }
        GangEvent::Refused { replica, reason, .. } => {
            (attempt, Some(replica), EventKind::JoinRefused { reason })
        }
        GangEvent::AttemptStarted { attempt } => (attempt, None, EventKind::AttemptStarted),
        GangEvent::Quiet { within } => {
            let seconds = within.as_secs_f64().ceil();
            let message = format!(
                "all replicas are ready; a command of an earlier attempt that can't be reached may run \
                 for {seconds} s more"
            );
            (attempt, None, EventKind::Waiting { reason: WaitingReason::EarlierAttempt, message })
        }
        GangEvent::ReplicaStarted { attempt, replica } => {
            (attempt, Some(replica), EventKind::ReplicaRunning)
        }
        GangEvent::Usage { attempt, replica, usage } => {
            (attempt, Some(replica), EventKind::Usage { usage })
        }
        GangEvent::ReplicaExited { attempt, replica, exit } => {
            (attempt, Some(replica), EventKind::CommandExited { exit })
        }
        GangEvent::ReplicaStopped { attempt, replica, clean } => {
            (attempt, Some(replica), EventKind::ReplicaStopped { clean })
        }
        GangEvent::ReplicaLost { replica, reason }
        | GangEvent::ReplicaReplaced { replica, reason } => {
            (attempt, Some(replica), EventKind::ReplicaLost { reason })
        }
        GangEvent::FirstFailure { failure } => {
            (failure.attempt, Some(failure.replica.clone()), EventKind::FirstFailure { failure })
        }
        GangEvent::AttemptEnded { attempt } => (attempt, None, EventKind::AttemptEnded),
        GangEvent::Retry { class, left, .. } => {
            let budget = config.budgets.get(class);
            (
                attempt,
                None,
                EventKind::Retrying { class, spent: budget.saturating_sub(left), budget },
            )
        }
        GangEvent::Completed { attempt } => (attempt, None, EventKind::Completed),
        GangEvent::Draining { within, .. } => {
            (attempt, None, EventKind::Draining { seconds: within.as_secs_f64() })
        }
        GangEvent::Adopted { attempt, failure, spent, elapsed: _ } => {
            (attempt, None, EventKind::Adopted { failure, spent })
        }
        GangEvent::Verdict { verdict } => (
            verdict.attempt,
            None,
            EventKind::Finished { verdict, inferred: None, unsubmitted: false },
        ),
        GangEvent::Warning { message } => (attempt, None, EventKind::Warning { message }),
    }
}

/// An event of a member as the log has it; `None` for one that matters to the machine only.
pub(super) fn of_member(event: &MemberEvent) -> Option<EventKind> {
    let message = match event {
        MemberEvent::Welcomed | MemberEvent::Exiting { .. } => return None,
        MemberEvent::PrimaryLost => "the primary's agent can't be reached".to_owned(),
        MemberEvent::Refused { reason } => format!("the primary refused this agent: {reason}"),
        MemberEvent::LeaseExpired { .. } => {
            "no word from the primary for too long: the command is ended".to_owned()
        }
        MemberEvent::TerminatedFromOutside => "told to go from outside (SIGTERM)".to_owned(),
        MemberEvent::Unclean { .. } => "the clean-up did not end in time".to_owned(),
    };
    Some(EventKind::Warning { message })
}
