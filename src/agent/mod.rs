//! The agent: the process that runs and watches the command of one replica. It is the same in a pod
//! and on a laptop.

mod attempt;
mod beside;
mod classify;
mod config;
mod connect;
mod devices;
mod effects;
mod events;
mod gate;
#[cfg(test)]
mod gate_tests;
pub mod guard;
mod input;
mod install;
mod install_log;
mod link;
mod links;
mod log;
#[cfg(test)]
mod log_tests;
mod names;
mod past;
mod places;
pub mod pod;
mod presence;
mod probe;
mod process;
mod reported;
mod run;
mod runner;
mod serve;
mod setup;
mod socket;
pub mod stream;
mod termination;
mod usage;
pub mod wire;
mod work;
mod work_link;

pub use beside::beside;
pub use config::*;
pub use install::install;
pub use links::{cancel, cancel_over};
pub use past::{PAST_VERSION, PastDocument, PastFiles};
pub use places::{KeptOutput, Places};
pub use probe::{ProbeReport, probe};
pub use run::{Surroundings, run};
pub(crate) use setup::{ENSUREPIP, PIP, pip_folder};
pub use termination::{read_termination, report_in_pod, report_unusable_pod};
pub use work_link::WorkLink;
