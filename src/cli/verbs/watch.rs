//! Following runs that were just submitted, whatever their kind: what Ctrl-C does, what is shown.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::train::hint_at_push;
use crate::cli::{CliError, Context, Format, Interrupts, OnInterrupt, exit};
use crate::run::{Follow, FollowEnd, FollowError, Interrupt, RunView, Submitted, follow};
use crate::runtime::{LogQuery, Runtime};
use crate::store::Store;
use crate::ui::{BatchGoal, FollowMode, OutputLook, Printer, Show, Terminal, Verbosity};

/// After the first Ctrl-C a second one cancels within this time.
const SECOND_CHANCE: Duration = Duration::from_secs(2);

/// What Ctrl-C means while something is followed: the first press leaves it alone, a second one soon
/// after cancels it. Of several followers one is told what the press did.
pub(super) struct Presses<'a> {
    interrupts: &'a Interrupts,
    policy: OnInterrupt,
    what: &'static str,
    first: Mutex<Option<Instant>>,
}

impl<'a> Presses<'a> {
    /// `what` is what people call that which is followed.
    pub(super) fn new(
        context: &'a Context,
        interrupts: &'a Interrupts,
        on_interrupt: Option<OnInterrupt>,
        what: &'static str,
    ) -> Self {
        let terminal = context.printer.terminal.stderr;
        let policy = OnInterrupt::resolve(on_interrupt, &context.env, terminal);
        Self { interrupts, policy, what, first: Mutex::new(None) }
    }

    /// What is asked for now.
    pub(super) fn ask(&self) -> Interrupt {
        if self.interrupts.hung_up() {
            return Interrupt::Detach;
        }
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.policy, self.interrupts.count(), *first) {
            (OnInterrupt::Detach, 1, None) => {
                *first = Some(Instant::now());
                Interrupt::Tell(format!(
                    "detaching; press Ctrl-C again to cancel the {}",
                    self.what
                ))
            }
            (OnInterrupt::Detach, 1, Some(at)) if at.elapsed() >= SECOND_CHANCE => {
                Interrupt::Detach
            }
            (_, 0, _) | (OnInterrupt::Detach, 1, Some(_)) => Interrupt::None,
            (OnInterrupt::Cancel | OnInterrupt::Detach, ..) => Interrupt::Cancel,
        }
    }
}

/// A run to be followed.
pub(super) struct Watch<'a> {
    pub(super) store: &'a Store,
    pub(super) runtime: &'a dyn Runtime,
    pub(super) run: &'a Submitted,
    pub(super) events: bool,
    pub(super) on_interrupt: Option<OnInterrupt>,
    pub(super) interrupts: &'a Interrupts,
    /// What a batch prediction has to do.
    pub(super) goal: Option<BatchGoal>,
    /// What its commands print is talk, as of batch predictions and exports, and no data.
    pub(super) is_talk: bool,
}

impl Watch<'_> {
    /// What is shown. Standard output has what the commands print, unless it has a document, both it and
    /// standard error are terminals (a table is redrawn there, or each line says its time), or the output is
    /// no data. `--quiet` leaves out whatever is beside the data.
    fn mode(&self, printer: &Printer, format: Format, is_alone: bool) -> FollowMode {
        let Terminal { stdout, stderr, .. } = printer.terminal;
        let is_document = format != Format::Table;
        let is_data = !self.is_talk && !is_document;
        let is_quiet = printer.verbosity == Verbosity::Quiet;
        // A pipe may end at the same terminal, where it and a table would tear each other.
        if self.events {
            FollowMode::Events
        } else if is_data && (is_quiet || !stdout || !stderr) {
            let prefix = !is_alone || self.run.plan.gang().replicas().count() > 1;
            FollowMode::Split(OutputLook { prefix, ..OutputLook::default() })
        } else if is_quiet {
            FollowMode::Silent
        } else if stderr && is_alone {
            FollowMode::Live
        } else {
            FollowMode::Plain
        }
    }

    /// Follows the run. Among others it has no live view, and each line names it.
    fn follow(
        &self,
        (printer, format): (&Printer, Format),
        presses: &Presses<'_>,
        user: &str,
        is_alone: bool,
    ) -> Result<FollowEnd, FollowError> {
        let mode = self.mode(printer, format, is_alone);
        let mut show = Show::new(printer, mode);
        if !is_alone {
            show = show.named(self.run.paths.run.clone());
        }
        if let Some(goal) = self.goal {
            show = show.towards(goal);
        }
        let request = Follow {
            store: self.store,
            runtime: self.runtime,
            paths: &self.run.paths,
            plan: Some(&self.run.plan),
            logs: LogQuery { few: true, follows: true, ..LogQuery::default() },
            deadline: None,
            user,
            interrupt: &|| presses.ask(),
        };
        follow(&request, &mut show)
    }

    /// What has come of it. That a run goes on without being followed is said.
    fn ended(
        &self,
        printer: &Printer,
        end: Result<FollowEnd, FollowError>,
    ) -> Result<Followed, CliError> {
        let id = &self.run.paths.run;
        let end = end.map_err(|error| match &error {
            FollowError::Output(_) => CliError::from(error),
            FollowError::Sync(_) => {
                CliError::from(error).hint(format!("{id} goes on. Come back with: mlctl wait {id}"))
            }
        })?;
        match end {
            FollowEnd::Ended(view) => Ok(Followed { view, goes_on: false }),
            FollowEnd::Detached(view) | FollowEnd::Deadline(view) => {
                printer.say(format!(
                    "{id} goes on. Come back with: mlctl logs -f {id}; end it with: mlctl cancel {id}"
                ));
                hint_at_push(printer, self.run);
                Ok(Followed { view, goes_on: true })
            }
        }
    }
}

/// A run as following has left it.
pub(super) struct Followed {
    pub(super) view: Box<RunView>,
    /// It has not ended, and nobody follows it any more.
    pub(super) goes_on: bool,
}

/// So many runs are followed at once; of more, each takes the place of one that has ended.
const TOGETHER: usize = 8;

/// Follows runs to their ends side by side, and hands each to `told` when it has ended or goes on without
/// being followed, by its place among them; gives the highest exit code, or [`exit::DETACHED`] where one goes
/// on. An error of one keeps the others from nothing.
pub(super) fn watch(
    context: &Context,
    watches: &[Watch<'_>],
    told: &mut dyn FnMut(usize, &Followed) -> Result<u8, CliError>,
) -> Result<u8, CliError> {
    let Some(any) = watches.first() else { return Ok(exit::OK) };
    let is_alone = watches.len() == 1;
    let what = if is_alone { "run" } else { "runs" };
    let presses = Presses::new(context, any.interrupts, any.on_interrupt, what);
    let (printer, user) = ((&context.printer, context.format), context.user());
    let next = AtomicUsize::new(0);
    let (ends, all) = channel();
    let (mut code, mut is_whole, mut trouble) = (exit::OK, true, None);
    std::thread::scope(|scope| {
        for _ in 0..watches.len().min(TOGETHER) {
            let (next, presses, user, ends) = (&next, &presses, &user, ends.clone());
            scope.spawn(move || {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(watch) = watches.get(place) else { return };
                    let end = watch.follow(printer, presses, user, is_alone);
                    // Whoever takes the ends is there until all have come.
                    let _ = ends.send((place, watch, end));
                }
            });
        }
        drop(ends);
        for (place, watch, end) in all {
            let heard = watch.ended(printer.0, end).and_then(|followed| {
                is_whole &= !followed.goes_on;
                told(place, &followed)
            });
            match heard {
                Ok(one) => code = code.max(one),
                Err(error) => trouble = trouble.take().or(Some(error)),
            }
        }
    });
    match trouble {
        Some(error) => Err(error),
        None => Ok(if is_whole { code } else { exit::DETACHED }),
    }
}
