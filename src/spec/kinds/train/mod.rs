//! `kind: TrainJob`: its types, what its schema can't check, and a job made of a script alone.

mod habits;
mod kind;
pub mod lint;
mod script;
mod types;
mod write;

pub(crate) use kind::KIND;
pub use kind::TRAIN_JOB;
pub use script::{from_script, valid_name};
pub use types::*;
pub use write::{to_yaml, written};
