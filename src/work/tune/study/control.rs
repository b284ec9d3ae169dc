//! The loop of a study: it looks at the runs of its trials, decides, and carries out what was decided.
//! Every decision is in the journal before anything is done by it, so that a loop that is killed at any
//! step has a successor that goes on as it would have.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::decide::{Action, Facts, Rules, decide};
use super::document::StudyDocument;
use super::error::StudyError;
use super::journal::{self, Entry, JournalReader};
use super::rules::rules;
use super::state::StudyState;
use super::suggest::Chooser;
use super::watched::Watched;
use crate::gang::RunId;
use crate::ops::cost::Prices;
use crate::run::Submitter;
use crate::runtime::{LOCAL, Notes, Runtime};
use crate::store::{FileLock, Store, StudyPaths, now};

/// Between two looks at the runs, on this machine and in a cluster.
const PACE: Duration = Duration::from_millis(100);
const CLUSTER_PACE: Duration = Duration::from_secs(2);
/// A predecessor that was killed has let the study go within this time.
const PREDECESSOR_LIMIT: Duration = Duration::from_secs(30);
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
pub(super) struct Control<'a> {
    pub(super) around: Surroundings<'a>,
    pub(super) study: &'a StudyDocument,
    pub(super) paths: &'a StudyPaths,
    pub(super) chooser: Chooser,
    pub(super) state: StudyState,
    pub(super) journal: JournalReader,
    pub(super) watched: BTreeMap<u32, Watched>,
    pub(super) facts: Facts,
    /// Trials whose runs were asked to end in this session.
    pub(super) asked: BTreeSet<u32>,
    /// Until when no run is tried, since the last one was refused.
    pub(super) full_until: Option<Instant>,
    pub(super) refusals: BTreeMap<u32, u32>,
    /// What trials that have ended have cost.
    pub(super) spent: f64,
    pub(super) noted: BTreeSet<String>,
}

/// Decides over a study until it is over, and gives it as it ended. `None` where the loop was asked to
/// leave before that.
pub fn control<'a>(
    study: &'a StudyDocument,
    paths: &'a StudyPaths,
    around: Surroundings<'a>,
) -> Result<Option<StudyState>, StudyError> {
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
        if control.state.finished.is_some() {
            return Ok(Some(control.state));
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
    pub(super) fn write(&mut self, entry: Entry) -> Result<(), StudyError> {
        journal::append(self.around.notes, self.paths, now(), std::slice::from_ref(&entry))?;
        self.read_journal()?;
        (self.around.tell)(Told::Entry(&entry, &self.state));
        Ok(())
    }

    pub(super) fn note(&mut self, text: &str) {
        if self.noted.insert(text.to_owned()) {
            (self.around.tell)(Told::Note(text));
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

    pub(super) fn forget(&mut self, trial: u32) {
        self.watched.remove(&trial);
        self.asked.remove(&trial);
    }

    /// Asks the run of a trial to end, once in a session: who was killed may not have come to it.
    pub(super) fn end_run(&mut self, trial: u32) {
        if !self.asked.insert(trial) {
            return;
        }
        let Some(watched) = self.watched.get(&trial) else { return };
        if let Err(error) = watched.cancel(self.around.store, self.around.runtime) {
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
}
