//! `mlctl tune`: which parameters to try next.

mod args;
mod suggest;

pub use args::{TuneArgs, run};
