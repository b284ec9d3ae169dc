//! `mlctl model`: what is in a model.

mod args;
mod diff;
mod inspect;

pub use args::{ModelArgs, run};
