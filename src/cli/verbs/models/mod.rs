//! `mlctl models`: models by name and version.

mod alias;
mod args;
mod copy;
mod list;
mod pull;
mod push;
mod remove;
mod retention;
mod show;

pub use args::{ModelsArgs, run};
