//! Stories of runs, what `status` folds them into, and what `why` makes of them.

use insta::assert_snapshot;

use super::replica::ReplicaState;
use super::view::RunView;
use super::why;
use crate::event::EventKind;
use crate::event::RunState;
use crate::gang::{ExitStatus, FailureClass, Outcome, ReplicaId, Verdict};
use crate::store::fixture::{Story, exit, plan, tasks};
use crate::ui::why_text;

const RUN: &str = "digits-abc123";

fn explain(story: &Story, workers: u32) -> String {
    explain_with(story, workers, &|_| Vec::new())
}

fn explain_with(story: &Story, workers: u32, tail: &dyn Fn(&ReplicaId) -> Vec<String>) -> String {
    let plan = plan(RUN, workers);
    let view = RunView::of(&RUN.into(), Some(&plan), &story.events);
    why_text(&why(&view, Some(&plan), tail)).to_string()
}

/// One worker fails, the others lose their peer or are ended.
fn failing(class: FailureClass, status: ExitStatus, lines: &[&str]) -> Story {
    let first = exit(status, Some(class), lines);
    let mut lost = exit(ExitStatus::Code(1), Some(FailureClass::UserError), &["reset by peer"]);
    lost.peer_loss = true;
    let mut killed = exit(ExitStatus::Signal(15), None, &[]);
    killed.killed_by_gang = true;
    // The survivors' exits may even be heard of before the real cause.
    let story = Story::new(RUN)
        .started(3)
        .exited("worker-0", lost)
        .exited("worker-1", first.clone())
        .failed_first("worker-1", class, Some(first.clone()))
        .exited("worker-2", killed);
    let failure = story.failure("worker-1", class, Some(first));
    story.finished(Outcome::Failed, Some(failure), "worker-1 failed")
}

#[test]
fn an_exception_is_blamed_on_the_one_that_raised_it() {
    let lines = [
        "Epoch 1/5",
        "Traceback (most recent call last):",
        "  File \"train.py\", line 12, in <module>",
        "    fit(x)",
        "ValueError: shapes (3,) and (4,) do not fit",
    ];
    let story = failing(FailureClass::UserError, ExitStatus::Code(1), &lines);
    assert_snapshot!(explain(&story, 3), @r#"
    digits-abc123 failed: worker-1: exit code 1

    worker-1 (attempt 1, userError): exit code 1
      | Epoch 1/5
      | Traceback (most recent call last):
      |   File "train.py", line 12, in <module>
      |     fit(x)
      | ValueError: shapes (3,) and (4,) do not fit

    because of it:
      worker-0 lost its peer (exit code 1)
      worker-2 was ended by the gang

    restarts used: userError 0 of 0

    what to do:
      - fix the code: ValueError: shapes (3,) and (4,) do not fit
    "#);
}

#[test]
fn memory() {
    let story = failing(FailureClass::OutOfMemory, ExitStatus::Signal(9), &["Epoch 3/5"]);
    assert_snapshot!(explain(&story, 3));
}

#[test]
fn a_signal_of_native_code() {
    let story = failing(FailureClass::TransientSignal, ExitStatus::Signal(11), &[]);
    assert_snapshot!(explain(&story, 3));
}

#[test]
fn an_unexplained_kill() {
    let story = failing(FailureClass::TransientSignal, ExitStatus::Signal(9), &[]);
    assert_snapshot!(explain(&story, 3));
}

#[test]
fn a_set_up_that_fails() {
    let lines = [
        "pip: ERROR: Could not find a version that satisfies the requirement tensorflw",
        "pip: ERROR: No matching distribution found for tensorflw",
    ];
    let story = failing(FailureClass::Startup, ExitStatus::NotStarted, &lines);
    assert_snapshot!(explain(&story, 3));
}

#[test]
fn a_program_that_is_not_there() {
    let story = failing(FailureClass::Startup, ExitStatus::NotStarted, &[]);
    assert_snapshot!(explain(&story, 3));
}

#[test]
fn a_preemption() {
    let story = failing(FailureClass::Preemption, ExitStatus::Signal(15), &[]);
    assert_snapshot!(explain(&story, 3));
}

#[test]
fn a_lost_agent_after_two_restarts() {
    let class = FailureClass::Infrastructure;
    let first = exit(ExitStatus::Signal(6), Some(FailureClass::TransientSignal), &["abort"]);
    let story = Story::new(RUN)
        .started(2)
        .exited("worker-0", first.clone())
        .failed_first("worker-0", FailureClass::TransientSignal, Some(first))
        .then("", EventKind::Retrying { class: FailureClass::TransientSignal, spent: 1, budget: 3 })
        .started(2)
        .then("worker-1", EventKind::ReplicaLost { reason: "its link broke".into() })
        .failed_first("worker-1", class, None)
        .then("", EventKind::Retrying { class, spent: 1, budget: 3 })
        .started(2)
        .failed_first("worker-1", class, None);
    let failure = story.failure("worker-1", class, None);
    let story = story.finished(Outcome::Failed, Some(failure), "worker-1 is lost");
    let tail = |_: &ReplicaId| vec!["the last line of its log".to_owned()];
    assert_snapshot!(explain_with(&story, 2, &tail));
}

#[test]
fn a_node_that_went_silent() {
    let class = FailureClass::Infrastructure;
    let message = "nothing is heard of node2; taint it".to_owned();
    let story = Story::new(RUN)
        .started(2)
        .then("worker-1", EventKind::ReplicaLost { reason: "no sign of life".into() })
        .failed_first("worker-1", class, None)
        .then("", EventKind::Retrying { class, spent: 1, budget: 3 })
        .then("worker-1", EventKind::Waiting { reason: "NodeLost".into(), message });
    assert_snapshot!(explain(&story, 2));
}

#[test]
fn a_primary_that_was_replaced() {
    let story = Story::new(RUN).started(2);
    let class = FailureClass::Preemption;
    let failure = story.failure("worker-0", class, None);
    let spent = crate::gang::PerClass([(class, 1)].into());
    let told = Story::new(RUN)
        .started(2)
        .then("", EventKind::Adopted { failure: Some(failure), spent: spent.clone() })
        .started(2)
        .finished(Outcome::Succeeded, None, "done");
    assert_snapshot!(explain(&told, 2));
    let silent = story.then("", EventKind::Adopted { failure: None, spent });
    let text = explain(&silent, 2);
    assert!(text.contains("worker-0 (attempt 1, infrastructure): was lost and replaced"), "{text}");
}

#[test]
fn too_slow() {
    let story = Story::new(RUN).started(2).finished(Outcome::TimedOut, None, "2h are over");
    assert_snapshot!(explain(&story, 2));
}

#[test]
fn cancelled() {
    let story = Story::new(RUN).started(2).finished(Outcome::Cancelled, None, "cancelled by ada");
    assert_snapshot!(explain(&story, 2), @"digits-abc123 cancelled by ada");
}

#[test]
fn some_never_came() {
    let missing = vec![ReplicaId::new("worker", 1), ReplicaId::new("worker", 2)];
    let story = Story::new(RUN)
        .then("worker-0", EventKind::Joined { missing })
        .then("worker-1", EventKind::SetupStarted)
        .then(
            "worker-1",
            EventKind::SetupProgress { line: "Collecting torch".into(), packages: None },
        );
    let alive = explain(&story, 3);
    assert!(alive.contains("waiting for worker-1 and worker-2"), "{alive}");
    let story = story.finished(Outcome::CouldNotStart, None, "2m are over");
    assert_snapshot!(explain(&story, 3));
}

#[test]
fn a_run_that_was_never_submitted_gives_its_own_reason() {
    let reason = "the API server of prod can't be reached at https://10.0.0.1: refused";
    let outcome = Outcome::CouldNotStart;
    let verdict = Verdict { outcome, attempt: 0, first_failure: None, reason: reason.into() };
    let inferred = Some("mlctl could not start the replicas".into());
    let story = Story::new(RUN)
        .then("", EventKind::Submitted { runtime: "prod/ml".into() })
        .then("", EventKind::Finished { verdict, inferred, unsubmitted: true });
    let text = explain(&story, 3);
    assert!(text.contains(&format!("could not be submitted: {reason}")), "{text}");
    assert!(!text.contains("startTimeout") && !text.contains("joined"), "{text}");
    assert!(text.contains("mlctl cleanup digits-abc123"), "{text}");
}

#[test]
fn a_success_is_said() {
    let story = Story::new(RUN).started(2).finished(Outcome::Succeeded, None, "done");
    assert_snapshot!(explain(&story, 2), @"digits-abc123 succeeded; nothing failed");
}

#[test]
fn a_view_follows_the_story() {
    let mut view = RunView::new(&RUN.into(), Some(&plan(RUN, 2)));
    let values = [("loss".to_owned(), 0.5)].into_iter().collect();
    let story = Story::new(RUN)
        .then("", EventKind::Submitted { runtime: "local".into() })
        .then("worker-0", EventKind::SetupStarted)
        .started(2)
        .then("worker-0", EventKind::Metrics { step: Some(3), values, earlier: Vec::new() })
        .exited("worker-0", exit(ExitStatus::Code(0), None, &[]))
        .then("", EventKind::Draining { seconds: 60.0 })
        .finished(Outcome::Succeeded, None, "done");
    let mut states = Vec::new();
    for event in &story.events {
        view.fold(event);
        if states.last() != Some(&view.state) {
            states.push(view.state);
        }
    }
    use RunState::{Draining, Running, Starting, Submitted, Succeeded};
    assert_eq!(states, [Submitted, Starting, Running, Draining, Succeeded]);
    let states: Vec<_> = view.replicas.values().map(|replica| replica.state).collect();
    assert_eq!(states, [ReplicaState::Succeeded, ReplicaState::Stopped]);
    assert!((view.primary().unwrap().metrics["loss"] - 0.5).abs() < 1e-9);
    // Nothing changes an ended run.
    let before = view.clone();
    view.fold(&story.events[3]);
    assert_eq!(view, before);
}

#[test]
fn tasks_have_attempts_and_ends_of_their_own() {
    let first = exit(ExitStatus::Code(1), Some(FailureClass::UserError), &["no"]);
    let class = FailureClass::UserError;
    let failure = |story: &Story, who| story.failure(who, class, Some(first.clone()));
    let ended = |story: &Story, who| EventKind::TaskEnded {
        verdict: Verdict {
            outcome: Outcome::Failed,
            attempt: 1,
            first_failure: Some(failure(story, who)),
            reason: "no retry is left".into(),
        },
        inferred: None,
    };
    let mut story = Story::new(RUN).then("", EventKind::Submitted { runtime: "local".into() });
    story = story.then("worker-0", EventKind::AttemptStarted);
    story = story.then("worker-0", EventKind::CommandStarted { pid: 1 });
    story = story.exited("worker-0", first.clone());
    let kind = ended(&story, "worker-0");
    story = story.then("worker-0", kind);
    let plan = tasks(RUN, 2);
    let view = |story: &Story| RunView::of(&RUN.into(), Some(&plan), &story.events);
    let seen = view(&story);
    // The other one goes on.
    assert_eq!((seen.state, seen.missing.len()), (RunState::Running, 1));
    assert_eq!(seen.replicas[0].state, ReplicaState::Failed);
    assert_eq!(seen.attempts.len(), 1);
    assert!(seen.attempts[0].ended.is_some() && seen.attempts[0].first_failure.is_some());
    story = story.then("worker-1", EventKind::AttemptStarted);
    let retry = EventKind::Retrying { class, spent: 1, budget: 3 };
    story = story.then("worker-1", retry);
    assert_eq!(view(&story).state, RunState::Running, "one that starts again stops no other");
    story = story.finished(Outcome::Succeeded, None, "worker-1 ended with exit code 0");
    let seen = view(&story);
    let of = |name: &str| {
        let own = |one: &&super::AttemptView| {
            one.replica.as_ref().is_some_and(|replica| replica.to_string() == name)
        };
        seen.attempts.iter().filter(own).count()
    };
    assert_eq!((of("worker-0"), of("worker-1")), (1, 1));
    assert!(seen.attempts.iter().all(|attempt| attempt.ended.is_some()));
    let said = why_text(&why(&seen, Some(&plan), &|_| Vec::new())).to_string();
    assert!(said.contains("succeeded; 1 attempt of a worker failed"), "{said}");
}
