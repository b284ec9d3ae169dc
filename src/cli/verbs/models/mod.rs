//! `mlctl models`: models by name and version.

mod after;
mod alias;
mod args;
mod copy;
mod list;
mod pull;
mod push;
mod remove;
mod retention;
mod show;

pub(super) use after::{check_push, push_after};
pub use args::{ModelsArgs, run};
