//! Everything that a person sees: no other part of the library prints.

mod checks;
mod cleanup;
mod frame;
mod gpus;
pub mod human;
mod lines;
mod printer;
mod screen;
mod sections;
mod show;
mod summary;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod why;

pub use checks::*;
pub use cleanup::*;
pub use frame::*;
pub use gpus::*;
pub use lines::*;
pub use printer::*;
pub use screen::*;
pub use sections::*;
pub use show::{FollowMode, Show, log_bytes};
pub use summary::*;
pub use table::*;
pub use terminal::*;
pub use why::*;
