//! Following a study: its loop is a run like others, and its journal tells of the trials.

use std::io;
use std::time::{Duration, Instant};

use super::spent::Spent;
use super::target::state_of;
use crate::cli::verbs::ended::RunDocument;
use crate::cli::verbs::watch::Presses;
use crate::cli::{CliError, Context, Format, Interrupts, LOCAL, OnInterrupt, exit, exit_code};
use crate::event::{Event, RunState};
use crate::gang::Outcome;
use crate::run::{Follow, FollowEnd, RunView, Submitted, Watcher, explain, follow};
use crate::runtime::{LogLine, LogQuery, Runtime};
use crate::store::{Store, StudyPaths, now};
use crate::ui::{
    Printer, SPINNER, Screen, Text, Verbosity, standing_line, study_frame, study_summary_text,
    summary_text, trial_line,
};
use crate::work::tune::{JournalReader, LiveCurves, StudyDocument, StudyReport, StudyState};

/// Between two looks at the journal of a loop in a cluster, where each costs requests.
const CLUSTER_PACE: Duration = Duration::from_secs(2);

/// A study that is followed.
pub(super) struct Followed<'a> {
    pub(super) store: &'a Store,
    /// The run whose command is its loop.
    pub(super) run: &'a Submitted,
    pub(super) document: &'a StudyDocument,
    pub(super) on_interrupt: Option<OnInterrupt>,
    pub(super) interrupts: &'a Interrupts,
}

/// Follows a study to its end and says how it ended; `None` when it goes on without being followed.
pub(super) fn follow_study(
    context: &Context,
    followed: &Followed<'_>,
) -> Result<Option<u8>, CliError> {
    let Followed { store, run, document, on_interrupt, interrupts } = *followed;
    let runtime = context.runtime(&store.record(&run.paths.run)?.runtime)?;
    let paths = store.study(&document.study);
    let presses = Presses::new(context, interrupts, on_interrupt, "study");
    let mut show = StudyShow::new(context, store, &*runtime, &paths, document);
    let request = Follow {
        store,
        runtime: &*runtime,
        paths: &run.paths,
        plan: Some(&run.plan),
        logs: LogQuery::default(),
        deadline: None,
        user: &context.user(),
        interrupt: &|| presses.ask(),
    };
    match follow(&request, &mut show)? {
        FollowEnd::Ended(view) => told(context, followed, &*runtime, &view).map(Some),
        FollowEnd::Detached(view) | FollowEnd::Deadline(view) => {
            let id = &run.paths.run;
            context.printer.say(format!(
                "{id} goes on. Come back with: mlctl wait {id}; its trials: mlctl tune trials {id}; \
                 end it with: mlctl cancel {id}"
            ));
            RunDocument::of(&view, Some(&run.plan), &run.paths, exit::DETACHED).emit(context)?;
            Ok(None)
        }
    }
}

/// How a study has ended, said and as an exit code.
fn told(
    context: &Context,
    followed: &Followed<'_>,
    runtime: &dyn Runtime,
    view: &RunView,
) -> Result<u8, CliError> {
    let Followed { store, run, document, .. } = followed;
    let state = state_of(runtime, &store.study(&document.study))?;
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
        let why = explain(view, &run.paths, Some(&run.plan), Some(runtime as _));
        context.printer.outcome(false, summary_text(view, &[], Some(&why)));
    }
    if code == exit::OK {
        context.printer.show(study_summary_text(&report, view.state))?;
    } else {
        context.printer.outcome(false, study_summary_text(&report, view.state));
    }
    Ok(code)
}

/// Shows a study that is followed: a table that is drawn again and again, or lines.
struct StudyShow<'a> {
    printer: &'a Printer,
    store: &'a Store,
    notes: &'a dyn Runtime,
    paths: &'a StudyPaths,
    document: &'a StudyDocument,
    is_live: bool,
    /// What trials come to goes to standard output, which has no document.
    is_data: bool,
    /// When the journal was read last.
    looked: Option<Instant>,
    /// The run that is followed has begun.
    is_told: bool,
    screen: Screen,
    above: Vec<Text>,
    /// What is seen until following ends.
    standing: Option<String>,
    journal: JournalReader,
    state: StudyState,
    curves: LiveCurves,
    spent: Spent<'a>,
    frames: usize,
}

impl<'a> StudyShow<'a> {
    fn new(
        context: &'a Context,
        store: &'a Store,
        notes: &'a dyn Runtime,
        paths: &'a StudyPaths,
        document: &'a StudyDocument,
    ) -> Self {
        let printer = &context.printer;
        let is_quiet = printer.verbosity == Verbosity::Quiet;
        let (is_table, terminal) = (context.format == Format::Table, printer.terminal);
        Self {
            printer,
            store,
            notes,
            paths,
            document,
            is_live: terminal.stderr && !is_quiet && (terminal.stdout || !is_table),
            is_data: is_table && !is_quiet,
            looked: None,
            is_told: false,
            screen: Screen::new(printer),
            above: Vec::new(),
            standing: None,
            journal: JournalReader::default(),
            state: StudyState::default(),
            curves: LiveCurves::default(),
            spent: Spent::new(context, store, document),
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

    fn stand(&mut self, text: &str) {
        if self.is_live {
            self.standing = Some(text.to_owned());
        } else {
            self.printer.say(text);
        }
    }

    fn redraw(&mut self, view: &RunView) {
        let is_near = self.notes.name() == LOCAL || view.state.is_ended();
        let is_due = is_near || self.looked.is_none_or(|at| at.elapsed() >= CLUSTER_PACE);
        let lines = if is_due {
            self.looked = Some(Instant::now());
            // What can't be read now is read the next time, or told when the study has ended.
            self.journal.read(self.notes, self.paths).unwrap_or_default()
        } else {
            Vec::new()
        };
        for line in &lines {
            self.state.fold(line);
            // What was before this run was told then.
            self.is_told |= self.state.sessions.contains(&view.run);
            if self.is_told
                && let Some(text) = trial_line(&line.entry, &self.report())
            {
                let text = Text::from(format!("{} ", crate::ui::clock(line.time))).then(text);
                if self.is_data && !self.is_live {
                    // Nobody reads it any more, and what is said in the end still counts.
                    let _ = self.printer.show(text);
                } else {
                    self.line(text);
                }
            }
        }
        self.curves.read(self.store, self.document, &self.state);
        self.frames += 1;
        if self.is_live {
            let spinner = SPINNER[self.frames % SPINNER.len()];
            let width = self.screen.width();
            let report = self.report();
            let cost = self.spent.text(&self.state);
            let mut frame = study_frame(&report, view, cost, now(), spinner, width);
            frame.extend(self.standing.as_deref().map(standing_line));
            self.screen.draw(&std::mem::take(&mut self.above), &frame);
        }
    }

    fn end(&mut self) {
        self.above.extend(self.standing.take().as_deref().map(standing_line));
        self.screen.draw_rest(&std::mem::take(&mut self.above));
    }
}
