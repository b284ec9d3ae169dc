//! Following a run to its end, whoever watches: deadlines, interrupts, trouble on the way. How it
//! is shown is up to the watcher.

use std::time::{Duration, Instant};

use super::order::{Order, in_order};
use super::{FollowEnd, FollowError, Interrupt, RunView, SyncError, Watcher, sync, take_in_ends};
use crate::event::{Event, EventKind};
use crate::plan::Plan;
use crate::runtime::{LogLine, LogQuery, LogReader, Notice, Runtime, RuntimeError};
use crate::store::{JournalReader, RunPaths, RunRecord, Store};

/// Time between two syncs with the runtime.
const PACE: Duration = Duration::from_millis(200);
/// The end of a command waits so long for all that it has printed, while others may print more than can be
/// shown.
const REST_LIMIT: Duration = Duration::from_secs(30);
/// Time between two questions to [`Follow::interrupt`], which is how fast Ctrl-C is noticed.
const SLICE: Duration = Duration::from_millis(50);

/// What to follow, and for how long.
pub struct Follow<'a> {
    /// The state folder that has the run.
    pub store: &'a Store,
    /// The runtime that the run was submitted to.
    pub runtime: &'a dyn Runtime,
    /// Paths of the run's files in the state folder.
    pub paths: &'a RunPaths,
    /// Its plan; absent when its file is lost.
    pub plan: Option<&'a Plan>,
    /// Which output is read.
    pub logs: LogQuery,
    /// Return at this time at the latest.
    pub deadline: Option<Instant>,
    /// Name of the user that is recorded when the interrupt cancels the run, where the runtime knows none.
    pub user: &'a str,
    /// Says what the caller's signals ask for; called many times a second.
    pub interrupt: &'a dyn Fn() -> Interrupt,
}

/// What has been read so far.
struct Progress<'a> {
    follow: &'a Follow<'a>,
    watcher: &'a mut dyn Watcher,
    view: RunView,
    journal: JournalReader,
    logs: Option<Box<dyn LogReader>>,
    order: Order,
    has_synced: bool,
    /// The runtime did not answer when it was asked last, which was said.
    is_troubled: bool,
    /// The same within this round.
    has_failed: bool,
    is_cancelled: bool,
}

/// Follows a run until it has ended, the caller detaches, or the deadline comes.
pub fn follow(follow: &Follow<'_>, watcher: &mut dyn Watcher) -> Result<FollowEnd, FollowError> {
    let logs = if watcher.wants_output() {
        Some(follow.runtime.logs(follow.paths, &follow.logs)?)
    } else {
        None
    };
    let mut progress = Progress {
        follow,
        watcher,
        view: RunView::new(&follow.paths.run, follow.plan),
        journal: JournalReader::default(),
        logs,
        order: Order::default(),
        has_synced: false,
        is_troubled: false,
        has_failed: false,
        is_cancelled: false,
    };
    // Agents go on for a moment after the verdict, to end their commands. Following waits for that,
    // so that a run started right after this one finds the ports and accelerators free.
    let mut ended_at = None;
    loop {
        let record = match sync(follow.store, follow.runtime, follow.paths) {
            Ok(record) => record,
            Err(SyncError::Runtime(error)) if progress.has_synced && error.is_passing() => {
                progress.trouble(&error);
                if let Some(end) = progress.pause(false)? {
                    return Ok(end);
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let ended = record.state.is_ended();
        progress.pass_on(&record)?;
        if ended {
            // The commands may have printed something between the last read and the end.
            progress.rest()?;
            progress.redraw();
            let since = *ended_at.get_or_insert_with(Instant::now);
            let end = follow.plan.zip(record.verdict.as_ref());
            let bound = end.map(|(plan, end)| plan.gang().rules.leaving_bound(end.outcome));
            let is_gone = if progress.view.has_every_exit() {
                follow.runtime.is_settled(follow.paths)
            } else {
                follow.runtime.is_gone(follow.paths)
            };
            let is_gone = match is_gone {
                Err(error) if error.is_passing() => {
                    progress.trouble(&error);
                    false
                }
                answer => answer?,
            };
            if is_gone {
                return Ok(FollowEnd::Ended(progress.done()));
            }
            if bound.is_none_or(|bound| since.elapsed() >= bound) {
                let run = &record.id;
                let text =
                    format!("not all of {run} has ended yet, and it is waited for no longer");
                progress.watcher.say(&text);
                return Ok(FollowEnd::Ended(progress.done()));
            }
        }
        if let Some(end) = progress.pause(ended)? {
            return Ok(end);
        }
    }
}

impl Progress<'_> {
    /// Passes on what a sync has brought, so that the lines of an attempt stand between its start and its
    /// end: what was printed before an event is in the logs by the time that the journal has the event.
    fn pass_on(&mut self, record: &RunRecord) -> Result<(), FollowError> {
        self.has_synced = true;
        let (events, _) = self.journal.read(&self.follow.paths.events(), record)?;
        let has_exited = |event: &Event| matches!(event.kind, EventKind::CommandExited { .. });
        let begin = Instant::now();
        events.first().into_iter().for_each(|first| self.order.before(first));
        let mut is_all =
            self.output(if events.iter().any(has_exited) { REST_LIMIT } else { PACE })?;
        let is_shown = self.watcher.shows_events();
        for (folded, event) in events.iter().zip(in_order(&events, is_shown)) {
            self.order.before(event);
            self.give(Vec::new())?;
            if let (EventKind::CommandExited { .. }, Some(of)) = (&event.kind, &event.replica) {
                // What stands half read, where reading stopped since too many lines wait, is no line yet.
                if !is_all {
                    self.order.release();
                    self.give(Vec::new())?;
                    is_all = self.output(REST_LIMIT.saturating_sub(begin.elapsed()))?;
                }
                if let Some(reader) = self.logs.as_mut().filter(|_| is_all) {
                    let rest = reader.finish(Some(of));
                    self.give(rest)?;
                }
            }
            self.view.fold(folded);
            self.watcher.event(event, &self.view).map_err(FollowError::Output)?;
            self.order.after(event);
        }
        self.order.release();
        self.give(Vec::new())?;
        self.redraw();
        Ok(())
    }

    /// Reads what has been printed, in parts, for so long if there is always more, and no longer than until
    /// an interrupt: whoever presses Ctrl-C before a long log does not want to see it all. True when nothing
    /// more was there.
    fn output(&mut self, limit: Duration) -> Result<bool, FollowError> {
        let begin = Instant::now();
        while !self.order.is_full() && !self.is_interrupted() {
            let Some(reader) = &mut self.logs else { return Ok(true) };
            let (read, is_caught_up) = (reader.read(), reader.is_caught_up());
            let lines = match read {
                Err(error) if error.is_passing() => {
                    self.trouble(&error);
                    return Ok(false);
                }
                read => read?,
            };
            let is_all = lines.is_empty();
            self.give(lines)?;
            if is_all || (is_caught_up && begin.elapsed() >= limit) {
                return Ok(is_all);
            }
        }
        Ok(false)
    }

    /// What the caller's signals ask for, once what they tell is shown.
    fn asked(&mut self) -> Interrupt {
        match (self.follow.interrupt)() {
            Interrupt::Tell(text) => {
                self.watcher.stand(&text);
                self.redraw();
                Interrupt::None
            }
            asked => asked,
        }
    }

    /// Something else is asked for than to go on, and has not been done yet.
    fn is_interrupted(&mut self) -> bool {
        match self.asked() {
            Interrupt::None | Interrupt::Tell(_) => false,
            Interrupt::Detach => true,
            Interrupt::Cancel => !self.is_cancelled,
        }
    }

    /// Shows lines, and those that have waited for their attempt's start.
    fn give(&mut self, lines: Vec<LogLine>) -> Result<(), FollowError> {
        let lines = if self.watcher.shows_events() { self.order.take(lines) } else { lines };
        if lines.is_empty() {
            return Ok(());
        }
        self.watcher.output(lines, &self.view).map_err(FollowError::Output)
    }

    /// The run has ended: all that is left is shown, and nothing is waited for any more.
    fn rest(&mut self) -> Result<(), FollowError> {
        self.order.end();
        if self.view.has_every_exit()
            && let Some(reader) = &mut self.logs
        {
            reader.close();
        }
        self.give(Vec::new())?;
        let begin = Instant::now();
        loop {
            self.output(Duration::MAX)?;
            let is_behind = self.logs.as_ref().is_some_and(|reader| reader.is_behind());
            if !is_behind || begin.elapsed() >= REST_LIMIT || self.is_interrupted() {
                break;
            }
            std::thread::sleep(SLICE);
        }
        let rest = self.logs.as_mut().map(|reader| reader.finish(None)).unwrap_or_default();
        self.give(rest)
    }

    fn redraw(&mut self) {
        self.watcher.redraw(&self.view);
    }

    /// The runtime does not answer, and following goes on: said once for each time that this
    /// begins.
    fn trouble(&mut self, error: &RuntimeError) {
        self.has_failed = true;
        if !std::mem::replace(&mut self.is_troubled, true) {
            self.watcher.say(&format!("{error}; following goes on once it answers"));
        }
        self.redraw();
    }

    /// A round is over: if the runtime has answered all of it again, that is said once, too.
    fn recover(&mut self) {
        if !std::mem::take(&mut self.has_failed) && std::mem::take(&mut self.is_troubled) {
            self.watcher.say("it answers again, and following goes on");
            self.redraw();
        }
    }

    fn done(&mut self) -> Box<RunView> {
        self.recover();
        self.watcher.end();
        take_in_ends(&mut self.view, self.follow.paths);
        Box::new(self.view.clone())
    }

    /// Waits until the next sync, and returns early when an interrupt or the deadline ends
    /// following.
    fn pause(&mut self, ended: bool) -> Result<Option<FollowEnd>, FollowError> {
        let follow = self.follow;
        self.recover();
        let next = Instant::now() + PACE;
        while Instant::now() < next {
            match self.asked() {
                Interrupt::None | Interrupt::Tell(_) => {}
                // It is on its way, and what is left of the run is waited for as was said.
                Interrupt::Cancel if self.is_cancelled => {}
                _ if ended => return Ok(Some(FollowEnd::Ended(self.done()))),
                Interrupt::Detach => return Ok(Some(FollowEnd::Detached(self.done()))),
                Interrupt::Cancel => {
                    self.is_cancelled = true;
                    self.watcher.stand("cancelling; waiting until nothing of the run is left");
                    self.redraw();
                    let user = follow.runtime.who()?.unwrap_or_else(|| follow.user.to_owned());
                    for Notice(notice) in follow.runtime.cancel(follow.paths, &user)? {
                        self.watcher.say(&notice);
                    }
                }
            }
            if !ended && follow.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(Some(FollowEnd::Deadline(self.done())));
            }
            std::thread::sleep(SLICE);
        }
        Ok(None)
    }
}
