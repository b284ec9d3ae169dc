//! A study: its document and journal, what is decided by them, and the loop that carries it out.

mod begin;
mod control;
mod curve;
mod decide;
mod document;
mod early;
mod error;
mod front;
mod journal;
mod look;
mod loop_plan;
mod make;
mod report;
mod room;
mod rules;
#[cfg(test)]
mod sim;
mod state;
mod submit;
mod suggest;
mod trial;
mod watched;

pub use begin::{Beginning, LoopPods, Places, begin, go_on, rehearse};
pub use control::{Asked, Surroundings, Told, control};
pub use curve::Reported;
pub use document::{EarlierTrial, SECRET_VARIABLE, StudyDocument};
pub use early::{Judged, judge};
pub use error::StudyError;
pub use front::{costs, front, progress, summary};
pub use journal::{Entry, JournalReader, Line, append};
pub use loop_plan::{LOOP_VERB, TUNER};
pub use make::{job_of, job_with, recorded};
pub use report::{LiveCurves, StudyReport, TrialReport, short};
pub use room::room;
pub use rules::{max_trials, rules};
pub use state::StudyState;
pub use suggest::Chooser;
pub use trial::{Point, StopReason, Trial, TrialEnd, TrialState};
