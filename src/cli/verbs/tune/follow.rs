//! Following a study: its loop is a run like others, and its journal tells of the trials.

use std::cell::Cell;
use std::io;
use std::time::{Duration, Instant};

use super::start::study_of_run;
use super::target::{state_of, study_of};
use crate::cli::{CliError, Context, ErrorKind, Format, Interrupts, OnInterrupt, exit, exit_code};
use crate::event::{Event, RunState};
use crate::gang::Outcome;
use crate::run::{Follow, FollowEnd, Interrupt, RunView, Submitted, Watcher, explain, follow};
use crate::runtime::{LOCAL, LogLine, LogQuery};
use crate::store::{Store, StudyPaths, now};
use crate::ui::{
    Printer, SPINNER, Screen, Text, study_frame, study_summary_text, summary_text, trial_line,
};
use crate::work::tune::{JournalReader, LiveCurves, StudyDocument, StudyReport, StudyState};

/// After the first Ctrl-C a second one cancels within this time.
const SECOND_CHANCE: Duration = Duration::from_secs(2);

/// A study that is followed.
pub(super) struct Followed<'a> {
    pub(super) store: &'a Store,
    pub(super) run: &'a Submitted,
    pub(super) on_interrupt: Option<OnInterrupt>,
    pub(super) interrupts: &'a Interrupts,
}

/// Follows a study to its end and says how it ended; `None` when it goes on without being followed.
pub(super) fn follow_study(
    context: &Context,
    followed: &Followed<'_>,
) -> Result<Option<u8>, CliError> {
    let Followed { store, run, on_interrupt, interrupts } = *followed;
    let runtime = context.runtime(LOCAL)?;
    let terminal = context.printer.terminal.stderr;
    let policy = OnInterrupt::resolve(on_interrupt, &context.env, terminal);
    let (document, _) = study_of_run(store, &run.plan)?;
    let paths = store.study(&document.study);
    let first = Cell::new(None::<Instant>);
    let interrupt = || {
        if interrupts.hung_up() {
            return Interrupt::Detach;
        }
        match (policy, interrupts.count(), first.get()) {
            (OnInterrupt::Detach, 1, None) => {
                first.set(Some(Instant::now()));
                context.printer.say("");
                context.printer.say("detaching; press Ctrl-C again to cancel the study");
                Interrupt::None
            }
            (OnInterrupt::Detach, 1, Some(at)) if at.elapsed() >= SECOND_CHANCE => {
                Interrupt::Detach
            }
            (_, 0, _) | (OnInterrupt::Detach, 1, Some(_)) => Interrupt::None,
            (OnInterrupt::Cancel | OnInterrupt::Detach, ..) => Interrupt::Cancel,
        }
    };
    let mut show = StudyShow::new(&context.printer, store, &paths, &document, terminal);
    let request = Follow {
        store,
        runtime: &*runtime,
        paths: &run.paths,
        plan: Some(&run.plan),
        logs: LogQuery::default(),
        deadline: None,
        user: &context.user(),
        interrupt: &interrupt,
    };
    match follow(&request, &mut show)? {
        FollowEnd::Ended(view) => told(context, followed, &document, &view).map(Some),
        FollowEnd::Detached(_) | FollowEnd::Deadline(_) => {
            let id = &run.paths.run;
            context.printer.say(format!(
                "{id} goes on. Come back with: mlctl wait {id}; its trials: mlctl tune trials {id}; \
                 end it with: mlctl cancel {id}"
            ));
            Ok(None)
        }
    }
}

/// How a study has ended, said and as an exit code.
fn told(
    context: &Context,
    followed: &Followed<'_>,
    document: &StudyDocument,
    view: &RunView,
) -> Result<u8, CliError> {
    let Followed { store, run, .. } = followed;
    let runtime = context.runtime(LOCAL)?;
    let study = study_of(Some(&run.plan))
        .ok_or_else(|| CliError::new(ErrorKind::Internal, "the run is no study's"))?;
    let state = state_of(&store.study(&study))?;
    let report = StudyReport::of(document, &state, &LiveCurves::default());
    let verdict = view.verdict.as_ref();
    let code = verdict.map_or(exit::OK, exit_code);
    if context.format != Format::Table {
        context.emit(&report.without_curves(), Text::default)?;
        return Ok(code);
    }
    if verdict.is_some_and(|verdict| verdict.outcome != Outcome::Succeeded)
        && view.state != RunState::Cancelled
        && state.finished.is_none()
    {
        let why = explain(view, &run.paths, Some(&run.plan), Some(&*runtime as _));
        context.printer.say(summary_text(view, &[], Some(&why)));
    }
    context.printer.say(study_summary_text(&report, view.state));
    Ok(code)
}

/// Shows a study that is followed: a table that is drawn again and again, or lines.
struct StudyShow<'a> {
    printer: &'a Printer,
    store: &'a Store,
    paths: &'a StudyPaths,
    document: &'a StudyDocument,
    is_live: bool,
    screen: Screen,
    above: Vec<Text>,
    journal: JournalReader,
    state: StudyState,
    curves: LiveCurves,
    frames: usize,
}

impl<'a> StudyShow<'a> {
    fn new(
        printer: &'a Printer,
        store: &'a Store,
        paths: &'a StudyPaths,
        document: &'a StudyDocument,
        is_live: bool,
    ) -> Self {
        Self {
            printer,
            store,
            paths,
            document,
            is_live,
            screen: Screen::new(printer),
            above: Vec::new(),
            journal: JournalReader::default(),
            state: StudyState::default(),
            curves: LiveCurves::default(),
            frames: 0,
        }
    }

    fn line(&mut self, line: Text) {
        if self.is_live {
            self.above.push(line);
        } else {
            self.printer.say(line);
        }
    }

    fn report(&self) -> StudyReport {
        StudyReport::of(self.document, &self.state, &self.curves)
    }
}

impl Watcher for StudyShow<'_> {
    fn wants_output(&self) -> bool {
        false
    }

    fn event(&mut self, _: &Event, _: &RunView) -> io::Result<()> {
        Ok(())
    }

    fn output(&mut self, _: Vec<LogLine>, _: &RunView) -> io::Result<()> {
        Ok(())
    }

    fn say(&mut self, text: &str) {
        self.line(text.into());
    }

    fn redraw(&mut self, view: &RunView) {
        // What can't be read now is read the next time, or told when the study has ended.
        let lines = self.journal.read(self.paths).unwrap_or_default();
        for line in &lines {
            self.state.fold(line);
            if let Some(text) = trial_line(&line.entry, &self.report()) {
                self.line(Text::from(format!("{} ", crate::ui::clock(line.time))).then(text));
            }
        }
        self.curves.read(self.store, self.document, &self.state);
        self.frames += 1;
        if self.is_live {
            let spinner = SPINNER[self.frames % SPINNER.len()];
            let width = self.screen.width();
            let frame = study_frame(&self.report(), view, None, now(), spinner, width);
            self.screen.draw(&std::mem::take(&mut self.above), &frame);
        }
    }

    fn end(&mut self) {
        self.screen.draw_rest(&std::mem::take(&mut self.above));
    }
}
