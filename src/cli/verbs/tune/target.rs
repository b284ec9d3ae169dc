//! The study that a verb is about.

use std::rc::Rc;

use crate::cli::{CliError, Context, ErrorKind, Target};
use crate::gang::RunId;
use crate::plan::Plan;
use crate::runtime::Runtime;
use crate::spec::TUNE_JOB;
use crate::store::StudyPaths;
use crate::work::tune::{JournalReader, StudyDocument, StudyError, StudyState};

/// A study with its newest loop.
pub struct StudyTarget {
    /// Its newest run, up to date.
    pub run: Target,
    /// Where it lies in the state.
    pub paths: StudyPaths,
    /// The runtime of its loop, which has its journal.
    pub notes: Rc<dyn Runtime>,
    /// What it is.
    pub document: StudyDocument,
    /// What has been decided in it, and what has come of it.
    pub state: StudyState,
}

/// The study that a run's command decides over, or that it is a trial of.
pub(super) fn study_of(plan: Option<&Plan>) -> Option<RunId> {
    let plan = plan?;
    let controller = plan.gang().controller.as_ref().map(|controller| controller.study.clone());
    controller.or_else(|| plan.head.trial.as_ref().map(|trial| trial.study.clone()))
}

/// What has been decided in a study so far.
pub(super) fn state_of(notes: &dyn Runtime, paths: &StudyPaths) -> Result<StudyState, CliError> {
    Ok(StudyState::of(&JournalReader::default().read(notes, paths)?))
}

/// What a study is: as it lies in the state, or else as its journal says.
pub(super) fn document_of(
    paths: &StudyPaths,
    state: &StudyState,
) -> Result<StudyDocument, CliError> {
    match (StudyDocument::read(paths), &state.document) {
        (Err(StudyError::Missing(_)), Some(document)) => Ok((**document).clone()),
        (read, _) => Ok(read?),
    }
}

impl Context {
    /// Finds a study by whatever names one of its runs, a trial's too; nothing means the last run that
    /// was started from this folder.
    pub fn study(&self, selector: Option<&str>) -> Result<StudyTarget, CliError> {
        let target = self.target(selector)?;
        let Some(study) = study_of(target.plan.as_ref()) else {
            let Target { record, .. } = &target;
            let message = format!("{} is a {}, no study", record.id, record.kind);
            return Err(CliError::new(ErrorKind::NotFound, message)
                .hint(format!("`mlctl list` shows the runs of kind {TUNE_JOB}")));
        };
        let paths = target.store.study(&study);
        // Of a trial it is the study that is meant.
        let run = if target.record.trial.is_some() { self.target(Some(&study))? } else { target };
        let notes = self.runtime(&run.record.runtime)?;
        let state = state_of(&*notes, &paths)?;
        let document = document_of(&paths, &state)?;
        if state.sessions.is_empty() && run.record.state.is_ended() {
            return Err(StudyError::Empty(study).into());
        }
        Ok(StudyTarget { run, paths, notes, document, state })
    }
}
