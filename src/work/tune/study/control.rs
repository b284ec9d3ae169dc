//! The loop of a study: it looks at the runs of its trials, decides, and carries out what was decided.
//! Every decision is in the journal before anything is done by it, so that a loop that is killed at any
//! step has a successor that goes on as it would have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::decide::{Action, Facts, Rules, RunFact, decide};
use super::document::StudyDocument;
use super::early::{Judged, judge};
use super::error::StudyError;
use super::front::front;
use super::journal::{self, Entry, JournalReader};
use super::make::{job_of, plan_of};
use super::rules::rules;
use super::state::StudyState;
use super::suggest::Chooser;
use super::trial::{StopReason, Trial, TrialEnd, TrialState};
use super::watched::Watched;
use crate::gang::RunId;
use crate::ops::cost::Prices;
use crate::run::{self, Submitter};
use crate::runtime::{LOCAL, Notes, Runtime, RuntimeError, SubmitOptions};
use crate::spec::{TRAIN_JOB, to_yaml};
use crate::store::{FileLock, Store, StudyPaths, now};
use crate::work::train::{TrainError, order};

/// Between two looks at the runs, on this machine and in a cluster.
const PACE: Duration = Duration::from_millis(100);
const CLUSTER_PACE: Duration = Duration::from_secs(2);
/// A predecessor that was killed has let the study go within this time.
const PREDECESSOR_LIMIT: Duration = Duration::from_secs(30);
/// After a refusal another run is tried once a trial has ended, or after this time.
const REFUSED_PAUSE: Duration = Duration::from_secs(10);
/// A trial that is refused this often while nothing else of the study runs has failed.
const REFUSALS: u32 = 3;

/// What a loop needs from its surroundings.
pub struct Surroundings<'a> {
    /// The state folder.
    pub store: &'a Store,
    /// Where trials run.
    pub runtime: &'a dyn Runtime,
    /// Where the journal is: the runtime of the loop itself.
    pub notes: &'a dyn Notes,
    /// Who submits them.
    pub submitter: Submitter<'a>,
    /// What things cost there.
    pub prices: Prices,
    /// How many trials there is room for at once; `None`: for any number.
    pub room: Option<u32>,
    /// The run whose command the loop is.
    pub session: RunId,
    /// The document without its secrets, which other machines find in the journal; `None` where they
    /// can't look there.
    pub tell_document: Option<StudyDocument>,
    /// What the loop's own signals ask for.
    pub asked: &'a dyn Fn() -> Asked,
    /// Told of everything that is decided, after it was written down, and of what a person should know.
    pub tell: &'a mut dyn FnMut(Told<'_>),
}

/// What a loop is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Nothing: it goes on.
    Nothing,
    /// The study is to end as cancelled, and its trials with it.
    Cancel,
    /// The loop is to end, and the study to go on with a later one.
    Leave,
}

/// What a loop tells.
pub enum Told<'a> {
    /// Something was decided, or has happened; the study as it is after it.
    Entry(&'a Entry, &'a StudyState),
    /// A person should know this.
    Note(&'a str),
}

/// A loop at work.
struct Control<'a> {
    around: Surroundings<'a>,
    study: &'a StudyDocument,
    paths: &'a StudyPaths,
    chooser: Chooser,
    state: StudyState,
    journal: JournalReader,
    watched: BTreeMap<u32, Watched>,
    facts: Facts,
    /// Trials whose runs were asked to end in this session.
    asked: BTreeSet<u32>,
    /// Until when no run is tried, since the last one was refused.
    full_until: Option<Instant>,
    refusals: BTreeMap<u32, u32>,
    /// What trials that have ended have cost.
    spent: f64,
    noted: BTreeSet<String>,
}

/// Decides over a study until it is over; tells whether it has a result. `None` where the loop was asked
/// to leave before that.
pub fn control<'a>(
    study: &'a StudyDocument,
    paths: &'a StudyPaths,
    around: Surroundings<'a>,
) -> Result<Option<bool>, StudyError> {
    let _lock = FileLock::acquire(&paths.loop_lock(), PREDECESSOR_LIMIT)
        .map_err(|_| StudyError::Busy(study.study.clone()))?;
    let chooser = Chooser::new(study)?;
    let mut control = Control {
        study,
        paths,
        chooser,
        state: StudyState::default(),
        journal: JournalReader::default(),
        watched: BTreeMap::new(),
        facts: Facts {
            now: now(),
            runs: BTreeMap::new(),
            given_up: BTreeMap::new(),
            is_cancelled: false,
            cost: None,
            is_exhausted: false,
            is_full: false,
        },
        asked: BTreeSet::new(),
        full_until: None,
        refusals: BTreeMap::new(),
        spent: 0.0,
        noted: BTreeSet::new(),
        around,
    };
    control.read_journal()?;
    if let Some(document) = control.around.tell_document.take()
        && control.state.document.is_none()
    {
        control.write(Entry::Begun { study: Box::new(document) })?;
    }
    let session = control.around.session.clone();
    // Who has submitted the run has said so, unless it was killed in between.
    if control.state.sessions.last() != Some(&session) {
        if control.state.sessions.contains(&session) {
            return Err(StudyError::Busy(study.study.clone()));
        }
        if control.state.sessions.is_empty() && session != study.study {
            return Err(StudyError::Empty(study.study.clone()));
        }
        control.write(Entry::Session { run: session })?;
    }
    control.count_spent();
    loop {
        control.read_journal()?;
        // A later run has taken over, for example while this one was cut off.
        if control.state.sessions.last() != Some(&control.around.session) {
            return Err(StudyError::Busy(study.study.clone()));
        }
        if let Some((succeeded, _)) = control.state.finished {
            return Ok(Some(succeeded));
        }
        if (control.around.asked)() == Asked::Leave {
            return Ok(None);
        }
        control.look();
        let actions = decide(&control.state, &control.rules(), &control.facts);
        if actions.is_empty() {
            std::thread::sleep(if control.around.runtime.name() == LOCAL {
                PACE
            } else {
                CLUSTER_PACE
            });
        }
        for action in actions {
            control.carry_out(action)?;
        }
    }
}

impl Control<'_> {
    fn rules(&self) -> Rules {
        rules(self.study, &self.state, self.around.room)
    }

    /// Takes in what others have written: `resume --max-trials`, `stop-trial`.
    fn read_journal(&mut self) -> Result<(), StudyError> {
        for line in self.journal.read(self.around.notes, self.paths)? {
            self.state.fold(&line);
        }
        Ok(())
    }

    /// Writes a decision down and takes it in.
    fn write(&mut self, entry: Entry) -> Result<(), StudyError> {
        journal::append(self.around.notes, self.paths, now(), std::slice::from_ref(&entry))?;
        self.read_journal()?;
        (self.around.tell)(Told::Entry(&entry, &self.state));
        Ok(())
    }

    fn note(&mut self, text: &str) {
        if self.noted.insert(text.to_owned()) {
            (self.around.tell)(Told::Note(text));
        }
    }

    /// Looks at the runs of all trials that have not ended. What can't be asked just now is asked again.
    fn look(&mut self) {
        let active: Vec<Trial> = self.state.active().cloned().collect();
        let runs: Vec<RunId> = active.iter().filter_map(|trial| trial.run.clone()).collect();
        if let Err(error) = self.around.runtime.prepare(&runs) {
            self.note(&format!("{error}; the study goes on once it answers"));
        }
        self.facts.runs.clear();
        self.facts.given_up.clear();
        for trial in &active {
            let Some(run) = &trial.run else { continue };
            let store = self.around.store;
            let watched =
                self.watched.entry(trial.trial).or_insert_with(|| Watched::new(store, run));
            match watched.look(store, self.around.runtime, &self.study.spec) {
                Ok(fact) => {
                    let is_living = matches!(fact, RunFact::Living | RunFact::Starting);
                    self.facts.runs.insert(trial.trial, fact);
                    if is_living && trial.stopping.is_some() {
                        self.end_run(trial.trial);
                    }
                }
                Err(error) => self.note(&format!("trial {}: {error}", trial.trial)),
            }
        }
        self.judge_curves(&active);
        self.facts.now = now();
        self.facts.is_cancelled = (self.around.asked)() == Asked::Cancel;
        self.facts.is_full = self.full_until.is_some_and(|until| Instant::now() < until);
        self.facts.cost = self.study.spec.max_cost.map(|_| {
            let prices = &self.around.prices;
            let of_living = self.watched.values().filter_map(|watched| watched.cost(prices));
            self.spent + of_living.sum::<f64>()
        });
    }

    /// Judges the curves that have got longer.
    fn judge_curves(&mut self, active: &[Trial]) {
        for trial in active.iter().filter(|trial| trial.stopping.is_none()) {
            let Some(watched) = self.watched.get_mut(&trial.trial) else { continue };
            if !std::mem::take(&mut watched.is_fresh) {
                continue;
            }
            let mine = self.watched[&trial.trial].reported.judged(trial.trial, false);
            let ended = self.state.trials.iter().filter(|other| other.state.counts());
            let mut others: Vec<Judged<'_>> = ended
                .map(|other| Judged {
                    trial: other.trial,
                    points: &other.curve,
                    is_complete: other.state == TrialState::Succeeded,
                })
                .collect();
            let living = self.watched.iter().filter(|(number, _)| **number != trial.trial);
            others.extend(living.map(|(number, other)| other.reported.judged(*number, false)));
            let spec = &self.study.spec;
            if let Some(why) = judge(&spec.early_stopping, &spec.metrics, mine, &others) {
                self.facts.given_up.insert(trial.trial, why);
            }
        }
    }

    fn carry_out(&mut self, action: Action) -> Result<(), StudyError> {
        match action {
            Action::Confirm(trial) => self.write(Entry::Submitted { trial }),
            Action::Again(trial, reason) => {
                self.forget(trial);
                self.write(Entry::Again { trial, reason })
            }
            Action::Suggest(n) => self.suggest(n),
            Action::Submit(trial) => self.submit(trial),
            Action::Stop(trial, reason) => {
                self.write(Entry::Stopping { trial, reason })?;
                self.end_run(trial);
                Ok(())
            }
            Action::End(trial, end) => {
                let watched = self.watched.get(&trial);
                let curve = watched.map(|watched| watched.reported.kept()).unwrap_or_default();
                let cost = watched.and_then(|watched| watched.cost(&self.around.prices));
                self.write(Entry::Ended { trial, end, curve })?;
                self.spent += cost.unwrap_or_default();
                self.full_until = None;
                self.forget(trial);
                Ok(())
            }
            Action::Finish(succeeded, reason) => self.write(Entry::Finished { succeeded, reason }),
        }
    }

    fn forget(&mut self, trial: u32) {
        self.watched.remove(&trial);
        self.asked.remove(&trial);
    }

    /// Asks the run of a trial to end, once in a session: who was killed may not have come to it.
    fn end_run(&mut self, trial: u32) {
        if !self.asked.insert(trial) {
            return;
        }
        let Some(watched) = self.watched.get(&trial) else { return };
        if let Err(error) = watched.cancel(self.around.runtime) {
            self.asked.remove(&trial);
            self.note(&format!("trial {trial}: {error}"));
        }
    }

    fn suggest(&mut self, n: u32) -> Result<(), StudyError> {
        let chosen = self.chooser.choose(&self.state, n as usize)?;
        chosen.notes.iter().for_each(|note| self.note(note));
        self.facts.is_exhausted = chosen.is_exhausted;
        for (params, found) in chosen.params {
            let trial = u32::try_from(self.state.trials.len()).unwrap_or(u32::MAX) + 1;
            self.write(Entry::Suggested { trial, params, found: found.into() })?;
        }
        Ok(())
    }

    /// Makes the run of a trial. One that is refused for want of room is tried again later.
    fn submit(&mut self, number: u32) -> Result<(), StudyError> {
        let Some(trial) = self.state.trial(number).cloned() else { return Ok(()) };
        let values = self.chooser.values(&trial.params)?;
        let job = job_of(self.study, number, &values)?;
        let store = self.around.store;
        let runtime = self.around.runtime;
        let options = SubmitOptions {
            kind: TRAIN_JOB,
            owner: self.study.owner.clone(),
            allow_cpu: self.study.allow_cpu,
            foreign: job.foreign,
            // What a lost run of this trial has left is the trial's own.
            overwrite: !trial.lost_runs.is_empty(),
            rehearse: false,
        };
        let reservation = store.reserve(&job.job.name)?;
        let run = reservation.run().clone();
        let planned = plan_of(self.study, number, &job, &run, runtime, &self.around.prices);
        let mut plan = match planned {
            Ok(plan) => plan,
            Err(TrainError::Runtime(error)) => return self.refused(number, &error),
            Err(error) => return Err(error.into()),
        };
        if let Some(sync) = &mut plan.gang_mut().sync {
            sync.overwrite = options.overwrite;
        }
        if let Err(error) = runtime.check(&plan, &options) {
            return self.refused(number, &error);
        }
        let resolved =
            to_yaml(&job.job).map_err(|error| TrainError::Unwritable(error.to_string()))?;
        self.write(Entry::Submitting { trial: number, run })?;
        let order = order(&job, plan, &resolved);
        let submitted = run::submit(
            store,
            runtime,
            reservation,
            order,
            &self.around.submitter,
            &options,
            &mut |_| {},
        );
        match submitted {
            Ok(_) => {
                self.refusals.remove(&number);
                self.write(Entry::Submitted { trial: number })
            }
            Err(run::SubmitError::Runtime(error)) => {
                self.write(Entry::Again { trial: number, reason: error.to_string() })?;
                self.refused(number, &error)
            }
            Err(run::SubmitError::Store(error)) => Err(error.into()),
        }
    }

    /// A run could not be made. While others of the study run, the reason may be they; a machine that is
    /// busy with something else, or a cluster that does not answer, is waited for.
    fn refused(&mut self, number: u32, error: &RuntimeError) -> Result<(), StudyError> {
        self.full_until = Some(Instant::now() + REFUSED_PAUSE);
        let others = self.state.active().count();
        if others > 0 || error.is_passing() || matches!(error, RuntimeError::Busy(_)) {
            self.note(&format!("trial {number} waits: {error}"));
            return Ok(());
        }
        let count = self.refusals.entry(number).or_default();
        *count += 1;
        if *count < REFUSALS {
            self.note(&format!("trial {number} is tried again: {error}"));
            return Ok(());
        }
        let end = TrialEnd {
            state: TrialState::Failed,
            values: indexmap::IndexMap::new(),
            step: None,
            reason: error.to_string(),
        };
        self.full_until = None;
        self.write(Entry::Ended { trial: number, end, curve: Vec::new() })
    }

    /// What trials that ended in earlier sessions have cost, out of their runs.
    fn count_spent(&mut self) {
        if self.study.spec.max_cost.is_none() {
            return;
        }
        let ended = self.state.trials.iter().filter(|trial| trial.state.is_ended());
        let runs: Vec<RunId> =
            ended.flat_map(|trial| trial.run.iter().chain(&trial.lost_runs)).cloned().collect();
        for run in runs {
            let mut watched = Watched::new(self.around.store, &run);
            // A run that was removed since costs nothing that could still be known.
            let looked = watched.look(self.around.store, self.around.runtime, &self.study.spec);
            if looked.is_ok() {
                self.spent += watched.cost(&self.around.prices).unwrap_or_default();
            }
        }
    }
}

/// The sentence that a finished study is told by.
pub fn summary(state: &StudyState, study: &StudyDocument) -> String {
    let metrics = &study.spec.metrics;
    let counted = state.count(TrialState::is_ended);
    match (&front(state, metrics)[..], &metrics[..]) {
        ([], _) => format!("{counted} trials, none of them with a result"),
        ([best, ..], [metric]) => {
            let value = best.end.as_ref().and_then(|end| end.values.get(&metric.name));
            let value = value.map(|value| crate::text::number(*value)).unwrap_or_default();
            format!("{counted} trials; the best is trial {}: {} {value}", best.trial, metric.name)
        }
        (front, _) => format!("{counted} trials; {} are not beaten by any other", front.len()),
    }
}

/// Why a person ends a trial.
pub fn by_person(user: &str) -> StopReason {
    StopReason::Person(format!("ended by {user}"))
}
