//! Pictures of the live view, and following a scripted run.

use std::cell::Cell;
use std::collections::HashMap;

use insta::assert_snapshot;
use jiff::Timestamp;

use super::*;
use crate::event::{Event, EventKind, RunState};
use crate::gang::{ExitStatus, FailureClass, Outcome, ReplicaId, Usage};
use crate::run::{Follow, FollowEnd, Interrupt, RunView, Watcher, follow};
use crate::runtime::{LogLine, LogQuery};
use crate::store::fixture::{Scripted, Story, create, exit, plan};
use crate::store::{CreatedRun, Store};

const RUN: &str = "digits-abc123";

fn picture(story: &Story, workers: u32, width: usize) -> Vec<String> {
    let view = RunView::of(&RUN.into(), Some(&plan(RUN, workers)), &story.events);
    let last = "Epoch 2/5: 12/100 ━━━━ a long line that goes on and on and on".to_owned();
    let last_lines = HashMap::from([(ReplicaId::new("worker", 1), last)]);
    let now: Timestamp = "2026-11-24T12:01:30Z".parse().unwrap();
    let frame = Frame {
        view: &view,
        last_lines: &last_lines,
        now,
        tick: 0,
        width,
        goal: None,
        keys: None,
        standing: None,
    };
    frame.lines().iter().map(ToString::to_string).collect()
}

fn busy(workers: u32) -> Story {
    let values =
        [("loss".to_owned(), 0.312_51), ("accuracy".to_owned(), 0.9)].into_iter().collect();
    let usage = Usage { cpu: 1.94, memory: 851_443_712, ..Usage::default() };
    Story::new(RUN)
        .then("", EventKind::Submitted { runtime: "local".into() })
        .started(workers)
        .then("worker-0", EventKind::Metrics { step: Some(120), values, earlier: Vec::new() })
        .then("worker-0", EventKind::Usage { usage })
}

#[test]
fn the_live_view_fits_the_terminal() {
    let story =
        busy(3).exited("worker-2", exit(ExitStatus::Code(1), Some(FailureClass::UserError), &[]));
    let lines = picture(&story, 3, 79);
    assert!(lines.iter().all(|line| line.chars().count() <= 79), "{lines:#?}");
    assert_snapshot!(lines.join("\n"));
}

#[test]
fn set_up_is_alive_on_the_screen() {
    let story = Story::new(RUN).then("worker-0", EventKind::SetupStarted).then(
        "worker-0",
        EventKind::SetupProgress { line: "Collecting tensorflow".into(), packages: None },
    );
    assert_snapshot!(picture(&story, 2, 79).join("\n"));
}

#[test]
fn an_installer_is_one_line_with_its_packages_and_its_time() {
    let collecting =
        EventKind::SetupProgress { line: "Collecting numpy".into(), packages: Some(12) };
    let mut story = Story::new(RUN)
        .then("worker-0", EventKind::SetupStarted)
        .then("worker-0", EventKind::InstallStarted { with: "pip".into() });
    let row = |story: &Story| picture(story, 1, 100)[1].clone();
    assert!(row(&story).contains("pip: ") && !row(&story).contains("package"), "{}", row(&story));
    story = story.then("worker-0", collecting);
    let shown = row(&story);
    assert!(shown.contains("pip: 12 packages, "), "{shown}");
    assert!(shown.ends_with("s  Collecting numpy"), "{shown}");
    let finished = EventKind::InstallFinished { with: "pip".into(), packages: 12, seconds: 8.04 };
    let said = event_text(story.then("worker-0", finished).events.last().unwrap()).unwrap();
    assert_eq!(said, "worker-0: 12 packages installed with pip in 8s");
}

#[test]
fn many_replicas_leave_room() {
    let lines = picture(&busy(40), 40, 60);
    assert_eq!(lines.len(), 18);
    assert!(lines.iter().all(|line| line.chars().count() <= 60), "{lines:#?}");
}

fn watch(mode: FollowMode, interrupt: &dyn Fn() -> Interrupt) -> (FollowEnd, Scripted) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let CreatedRun { paths, lock } = create(&store, "digits", 2);
    drop(lock);
    let story = Story::new(&paths.run).started(2).finished(Outcome::Succeeded, None, "done");
    let backend = Scripted::new(story.events, 4);
    let printer = Printer { verbosity: Verbosity::Quiet, ..Printer::default() };
    let mut show = Show::new(&printer, mode);
    let request = Follow {
        store: &store,
        runtime: &backend,
        paths: &paths,
        plan: None,
        logs: LogQuery::default(),
        deadline: None,
        user: "ada",
        interrupt,
    };
    let end = follow(&request, &mut show);
    (end.unwrap(), backend)
}

/// Keeps what the follower itself says.
#[derive(Default)]
struct Heard(Vec<String>);

impl Watcher for Heard {
    fn wants_output(&self) -> bool {
        false
    }

    fn event(&mut self, _: &Event, _: &RunView) -> std::io::Result<()> {
        Ok(())
    }

    fn output(&mut self, _: Vec<LogLine>, _: &RunView) -> std::io::Result<()> {
        Ok(())
    }

    fn say(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }

    fn redraw(&mut self, _: &RunView) {}

    fn end(&mut self) {}
}

#[test]
fn a_runtime_that_is_away_is_told_once_and_so_is_its_return() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let CreatedRun { paths, lock } = create(&store, "digits", 2);
    drop(lock);
    let story = Story::new(&paths.run).started(2).finished(Outcome::Succeeded, None, "done");
    let backend = Scripted::new(story.events, 4);
    *backend.away.lock().unwrap() = 3;
    let mut heard = Heard::default();
    let request = Follow {
        store: &store,
        runtime: &backend,
        paths: &paths,
        plan: None,
        logs: LogQuery::default(),
        deadline: None,
        user: "ada",
        interrupt: &|| Interrupt::None,
    };
    let end = follow(&request, &mut heard).unwrap();
    assert!(matches!(end, FollowEnd::Ended(_)));
    let [away, back] = &heard.0[..] else { panic!("{:?}", heard.0) };
    assert!(away.contains("can't be reached") && away.contains("connection refused"), "{away}");
    assert_eq!(back, "it answers again, and following goes on");
}

#[test]
fn what_stands_is_below_the_replicas() {
    let view = RunView::of(&RUN.into(), Some(&plan(RUN, 1)), &busy(1).events);
    let now: Timestamp = "2026-11-24T12:01:30Z".parse().unwrap();
    let last_lines = HashMap::new();
    let (keys, standing) = (Some("l: this table only"), Some("detaching"));
    let frame = Frame {
        view: &view,
        last_lines: &last_lines,
        now,
        tick: 0,
        width: 40,
        goal: None,
        keys,
        standing,
    };
    let lines: Vec<String> = frame.lines().iter().map(ToString::to_string).collect();
    assert_eq!(lines[2..], ["  l: this table only", "detaching"]);
}

#[test]
fn following_ends_with_the_run() {
    let (end, _) = watch(FollowMode::Plain, &|| Interrupt::None);
    assert!(matches!(end, FollowEnd::Ended(view) if view.state == RunState::Succeeded));
}

#[test]
fn detaching_leaves_the_run_alone() {
    let (end, backend) = watch(FollowMode::Silent, &|| Interrupt::Detach);
    assert!(matches!(end, FollowEnd::Detached(_)));
    assert!(backend.cancelled.lock().unwrap().is_empty());
}

#[test]
fn cancelling_is_done_once_and_followed_to_the_end() {
    let asked = Cell::new(0);
    let interrupt = || {
        asked.set(asked.get() + 1);
        Interrupt::Cancel
    };
    let (end, backend) = watch(FollowMode::Silent, &interrupt);
    assert!(matches!(end, FollowEnd::Ended(_)) && asked.get() > 1);
    assert_eq!(*backend.cancelled.lock().unwrap(), ["ada"]);
}
