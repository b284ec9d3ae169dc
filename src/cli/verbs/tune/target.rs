//! The study that a verb is about.

use std::rc::Rc;

use crate::cli::{CliError, Context, Target};
use crate::runtime::Runtime;
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
        (Err(StudyError::Missing(_)), Some(document)) => {
            if document.study != paths.study {
                let reason = format!("its first line is of the study {}", document.study);
                return Err(StudyError::Damaged { path: paths.journal(), reason }.into());
            }
            Ok((**document).clone())
        }
        (read, _) => Ok(read?),
    }
}

impl Context {
    /// Finds a study by whatever names one of its runs, a trial's too; nothing means the last run that
    /// was started from this folder.
    pub fn study(&self, selector: Option<&str>) -> Result<StudyTarget, CliError> {
        let target = self.target_of_study(selector)?;
        let study = target.study().cloned().ok_or_else(|| target.no_study())?;
        let paths = target.store.study(&study);
        // Of a trial it is the study that is meant.
        let run = if target.record.trial.is_some() { self.target_of(&study)? } else { target };
        let notes = self.runtime(&run.record.runtime)?;
        let state = state_of(&*notes, &paths)?;
        let document = document_of(&paths, &state)?;
        if state.sessions.is_empty() && run.record.state.is_ended() {
            return Err(StudyError::Empty(study).into());
        }
        Ok(StudyTarget { run, paths, notes, document, state })
    }
}
