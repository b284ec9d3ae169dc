//! `mlctl tune`: studies and their trials.

mod args;
mod best;
mod dry_run;
mod export;
mod follow;
mod plot;
mod resume;
mod run_loop;
mod spent;
mod start;
mod stop_trial;
mod suggest;
mod target;
mod trials;

pub use args::{TuneAction, TuneArgs, run};
pub use run_loop::{LoopVariables, tune_loop};
pub use target::StudyTarget;
pub use trials::study_report;
