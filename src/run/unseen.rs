//! What of a run the cluster doesn't show as simply being there.

use super::RunView;
use super::why::Cause;
use crate::event::{PodSight, PodState};

impl RunView {
    /// The pods that are not simply there, in one line: `worker-1: pod gone since 12:01:03 (evicted)`.
    pub fn unseen(&self) -> Option<String> {
        PodSight::line(
            self.replicas.values().filter_map(|one| Some((&one.replica, one.pod.as_ref()?))),
        )
    }

    /// Some replica's pod is there, or may be.
    pub(super) fn is_seen(&self) -> bool {
        let is_away = |sight: &PodSight| sight.state != PodState::Draining;
        self.replicas.values().any(|one| !one.pod.as_ref().is_some_and(is_away))
    }

    /// Each replica that is not awaited, though its pod is not simply there.
    pub(super) fn unseen_causes(&self) -> impl Iterator<Item = Cause> {
        let unseen = self.replicas.values().filter(|one| !self.missing.contains(&one.replica));
        unseen.filter_map(|one| {
            let text = one.pod.as_ref()?.to_string();
            let replica = Some(one.replica.clone());
            Some(Cause { replica, attempt: None, class: None, text, lines: Vec::new() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;
    use crate::gang::{
        ExitStatus, FailureClass, Outcome, ReplicaId, TerminationMessage, TerminationState,
    };
    use crate::run::{ReplicaState, why};
    use crate::store::fixture::{Story, exit, plan};
    use crate::ui::why_text;

    const RUN: &str = "digits-abc123";

    fn explain(story: &Story, workers: u32) -> String {
        let plan = plan(RUN, workers);
        let view = RunView::of(&RUN.into(), Some(&plan), &story.events);
        why_text(&why(&view, Some(&plan), &|_| Vec::new())).to_string()
    }

    #[test]
    fn a_pod_that_is_not_there_is_not_shown_as_running() {
        use crate::event::PodState::{Draining, Gone, Seen, Unknown};
        let changed =
            |state, message: &str| EventKind::PodChanged { state, message: message.into() };
        let story = Story::new(RUN).started(2);
        let plan = plan(RUN, 2);
        let view = |story: &Story| RunView::of(&RUN.into(), Some(&plan), &story.events);
        let state = |story: &Story| view(story).replicas[1].state;

        let story = story.then("worker-1", changed(Draining, "it is being deleted"));
        assert_eq!(state(&story), ReplicaState::Running);
        let activity = view(&story).activity().unwrap();
        assert!(activity.starts_with("worker-1: pod draining since "), "{activity}");
        let story = story.then("worker-1", changed(Unknown, "node1 is not ready"));
        assert_eq!(state(&story), ReplicaState::Unknown);
        let kind = EventKind::Waiting { reason: "NodeLost".into(), message: String::new() };
        let story = story.then("worker-1", kind);
        assert_eq!(state(&story), ReplicaState::Unknown);
        let story = story.then("worker-1", changed(Seen, ""));
        assert_eq!(state(&story), ReplicaState::Running);
        assert_eq!(view(&story).unseen(), None);
        let story = story.then("worker-1", changed(Gone, "evicted"));
        assert_eq!(state(&story), ReplicaState::Lost);
        let text = explain(&story, 2);
        assert!(
            text.contains("is running, but not all of it: worker-1: pod gone since "),
            "{text}"
        );
        let story = story.then("worker-0", changed(Unknown, "node1 is not ready"));
        let text = explain(&story, 2);
        assert!(
            text.contains("was running when it was seen last: worker-0: pod unknown"),
            "{text}"
        );
        assert!(text.contains("and 1 more") && text.contains("(evicted)"), "{text}");
        // What was seen to end well may go.
        let ended =
            Story::new(RUN).started(2).exited("worker-1", exit(ExitStatus::Code(0), None, &[]));
        assert_eq!(state(&ended.then("worker-1", changed(Gone, ""))), ReplicaState::Succeeded);
    }

    #[test]
    fn a_command_that_ends_after_its_run_has_its_exit_code() {
        let plan = plan(RUN, 2);
        let story = Story::new(RUN).started(2).finished(Outcome::Succeeded, None, "done");
        let mut view = RunView::of(&RUN.into(), Some(&plan), &story.events);
        let message = |attempt| TerminationMessage {
            run: RUN.into(),
            replica: ReplicaId::new("worker", 1),
            pod_uid: "p".into(),
            generation: 0,
            epoch: (0, attempt),
            state: TerminationState::Exiting,
            terminated_from_outside: false,
            verdict: None,
            first_failure: None,
            exit: Some(exit(ExitStatus::Code(7), Some(FailureClass::UserError), &[])),
            reason: String::new(),
        };
        view.take_in_end(&message(2));
        assert!(view.replicas[1].exits.is_empty(), "it is of another attempt");
        view.take_in_end(&message(1));
        view.take_in_end(&message(1));
        let replica = &view.replicas[1];
        assert_eq!((replica.state, replica.exits.len()), (ReplicaState::Failed, 1));
    }
}
