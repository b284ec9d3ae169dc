//! Following a run to its end: the same for `train`, `wait` and `logs -f`.

use std::io;
use std::time::{Duration, Instant};

use super::Printer;
use super::show::Show;
use crate::plan::Plan;
use crate::run::RunView;
use crate::run::{SyncError, sync};
use crate::runtime::{LogQuery, Notice, Runtime, RuntimeError};
use crate::store::{RunPaths, Store, StoreError};

/// Time between two looks.
const PACE: Duration = Duration::from_millis(200);
/// Interrupts are noticed this fast.
const SLICE: Duration = Duration::from_millis(50);

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FollowMode {
    /// A block on the terminal that is redrawn; output scrolls above it when there is one replica,
    /// or when more is to be said.
    Live,
    /// Lines on standard error.
    Plain,
    /// The journal as JSON Lines on standard output, nothing else.
    Events,
    /// The commands' output on standard output, nothing else.
    Logs {
        /// Each line begins with its replica.
        prefix: bool,
        /// Each line begins with the time at which it was printed.
        time: bool,
    },
    /// Nothing.
    Silent,
}

/// What the caller's signals ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Go on.
    None,
    /// Leave the run alone and return.
    Detach,
    /// Cancel the run, and go on until it has ended. Asked again and again, it is done once.
    Cancel,
}

/// How following ended.
#[derive(Clone, Debug)]
pub enum FollowEnd {
    /// The run is over.
    Ended(Box<RunView>),
    /// The caller detached.
    Detached(Box<RunView>),
    /// The deadline came first.
    Deadline(Box<RunView>),
}

/// Following failed; the run goes on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The run could not be brought up to date.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// Standard output failed.
    #[error(transparent)]
    Output(io::Error),
}

impl From<StoreError> for FollowError {
    fn from(error: StoreError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<RuntimeError> for FollowError {
    fn from(error: RuntimeError) -> Self {
        Self::Sync(error.into())
    }
}

/// What to follow, and how.
pub struct Follow<'a> {
    /// The state folder.
    pub store: &'a Store,
    /// The run's runtime.
    pub backend: &'a dyn Runtime,
    /// The run.
    pub paths: &'a RunPaths,
    /// Its plan.
    pub plan: Option<&'a Plan>,
    /// Where it is shown.
    pub printer: &'a Printer,
    /// What is shown.
    pub mode: FollowMode,
    /// Which output is shown.
    pub logs: LogQuery,
    /// Return at this time at the latest.
    pub deadline: Option<Instant>,
    /// Who cancels, when the interrupt says so.
    pub user: &'a str,
    /// Asked many times a second.
    pub interrupt: &'a dyn Fn() -> Interrupt,
}

/// Follows a run until it has ended, the caller detaches, or the deadline comes.
pub fn follow(follow: &Follow<'_>) -> Result<FollowEnd, FollowError> {
    let wants_logs = !matches!(follow.mode, FollowMode::Events | FollowMode::Silent);
    let mut logs =
        if wants_logs { Some(follow.backend.logs(follow.paths, &follow.logs)?) } else { None };
    let mut show = Show::new(follow);
    let mut cancelled = false;
    // After the verdict the agents end their commands; whoever starts the next run at once should
    // find their ports and accelerators free.
    let bound = follow
        .plan
        .map_or(Duration::ZERO, |plan| plan.gang().rules.grace + plan.gang().rules.kill_bound);
    let mut over = None;
    loop {
        let record = match sync(follow.store, follow.backend, follow.paths) {
            Ok(record) => record,
            Err(SyncError::Runtime(error)) if show.tick > 0 && error.is_passing() => {
                show.trouble(&error);
                if let Some(end) = pause(follow, &mut show, &mut cancelled, false)? {
                    return Ok(end);
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let ended = record.state.is_ended();
        // What happened before anybody looked is told in its order; later on, output comes first,
        // so that a command's last lines stand before its end.
        if show.tick == 0 {
            show.events(&record)?;
        }
        show.tick += 1;
        show.troubled = false;
        show.output(&mut logs)?;
        show.events(&record)?;
        show.redraw();
        if ended {
            // What was printed between the last read and the end.
            show.output(&mut logs)?;
            show.redraw();
            let since = *over.get_or_insert_with(Instant::now);
            if since.elapsed() >= bound || follow.backend.is_gone(follow.paths)? {
                return Ok(FollowEnd::Ended(show.done()));
            }
        }
        if let Some(end) = pause(follow, &mut show, &mut cancelled, ended)? {
            return Ok(end);
        }
    }
}

/// The time between two looks, with open ears.
fn pause(
    follow: &Follow<'_>,
    show: &mut Show<'_>,
    cancelled: &mut bool,
    ended: bool,
) -> Result<Option<FollowEnd>, FollowError> {
    let next = Instant::now() + PACE;
    while Instant::now() < next {
        match (follow.interrupt)() {
            Interrupt::None => {}
            _ if ended => return Ok(Some(FollowEnd::Ended(show.done()))),
            Interrupt::Detach => return Ok(Some(FollowEnd::Detached(show.done()))),
            Interrupt::Cancel if !*cancelled => {
                *cancelled = true;
                show.say("cancelling; waiting until nothing of the run is left");
                for Notice(notice) in follow.backend.cancel(follow.paths, follow.user)? {
                    show.say(&notice);
                }
            }
            Interrupt::Cancel => {}
        }
        if !ended && follow.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return Ok(Some(FollowEnd::Deadline(show.done())));
        }
        std::thread::sleep(SLICE);
    }
    Ok(None)
}
