//! `kind: TrainJob`: its types, what its schema can't check, and a job made of a script alone.

pub mod lint;
mod script;
mod types;

pub use script::{from_script, valid_name};
pub use types::*;
