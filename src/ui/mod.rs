//! Everything that a person sees: no other part of the library prints.

mod batch;
mod checks;
mod cleanup;
mod document;
mod evaluation;
mod frame;
mod gpus;
pub mod human;
mod lines;
mod output;
mod panic;
mod printer;
mod screen;
mod sections;
mod show;
mod streams;
mod summary;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod transfer;
mod why;

pub use batch::{BatchGoal, batch_summary_text};
pub use checks::*;
pub use cleanup::*;
pub use document::*;
pub use evaluation::*;
pub use frame::*;
pub use gpus::*;
pub use lines::*;
pub use output::*;
pub use panic::*;
pub use printer::*;
pub use screen::*;
pub use sections::*;
pub use show::{FollowMode, Show};
pub use streams::{are_terminals, terminal_width};
pub use summary::*;
pub use table::*;
pub use terminal::*;
pub use text::*;
pub use transfer::Transfer;
pub use why::*;
