//! Following a run that was just submitted, whatever its kind: what Ctrl-C does, what is shown.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::cli::{CliError, Context, Interrupts, OnInterrupt};
use crate::run::{Follow, FollowEnd, FollowError, Interrupt, RunView, Submitted, follow};
use crate::runtime::{LogQuery, Runtime};
use crate::store::Store;
use crate::ui::{BatchGoal, FollowMode, Show};

/// After the first Ctrl-C a second one cancels within this time.
const SECOND_CHANCE: Duration = Duration::from_secs(2);

/// What Ctrl-C means while something is followed: the first press leaves it alone, a second one soon
/// after cancels it.
pub(super) struct Presses<'a> {
    context: &'a Context,
    interrupts: &'a Interrupts,
    policy: OnInterrupt,
    what: &'static str,
    first: Cell<Option<Instant>>,
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
        Self { context, interrupts, policy, what, first: Cell::new(None) }
    }

    /// What is asked for now.
    pub(super) fn ask(&self) -> Interrupt {
        if self.interrupts.hung_up() {
            return Interrupt::Detach;
        }
        match (self.policy, self.interrupts.count(), self.first.get()) {
            (OnInterrupt::Detach, 1, None) => {
                self.first.set(Some(Instant::now()));
                let printer = &self.context.printer;
                printer.say("");
                printer.say(format!("detaching; press Ctrl-C again to cancel the {}", self.what));
                Interrupt::None
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
}

/// Follows a run to its end; `None` when it goes on without being followed, which is said.
pub(super) fn watch(context: &Context, watched: &Watch<'_>) -> Result<Option<RunView>, CliError> {
    let Watch { store, runtime, run, events, on_interrupt, interrupts, goal } = *watched;
    let terminal = context.printer.terminal.stderr;
    let presses = Presses::new(context, interrupts, on_interrupt, "run");
    let mode = match (events, terminal) {
        (true, _) => FollowMode::Events,
        (false, true) => FollowMode::Live,
        (false, false) => FollowMode::Plain,
    };
    let mut show = Show::new(&context.printer, mode);
    if let Some(goal) = goal {
        show = show.towards(goal);
    }
    let request = Follow {
        store,
        runtime,
        paths: &run.paths,
        plan: Some(&run.plan),
        logs: LogQuery { few: true, follows: true, ..LogQuery::default() },
        deadline: None,
        user: &context.user(),
        interrupt: &|| presses.ask(),
    };
    let id = &run.paths.run;
    let end = follow(&request, &mut show).map_err(|error| match &error {
        FollowError::Output(_) => CliError::from(error),
        FollowError::Sync(_) => {
            CliError::from(error).hint(format!("{id} goes on. Come back with: mlctl wait {id}"))
        }
    })?;
    match end {
        FollowEnd::Ended(view) => Ok(Some(*view)),
        FollowEnd::Detached(_) | FollowEnd::Deadline(_) => {
            context.printer.say(format!(
                "{id} goes on. Come back with: mlctl logs -f {id}; end it with: mlctl cancel {id}"
            ));
            Ok(None)
        }
    }
}
