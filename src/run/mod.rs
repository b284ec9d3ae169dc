//! The life of a run, whatever its kind.

pub mod advice;
mod attempt;
mod blocked;
mod ends;
mod follow;
mod follow_error;
mod order;
mod replica;
mod report;
mod signs;
mod submit;
mod sync;
#[cfg(test)]
mod tests;
mod unseen;
mod view;
mod wait;
mod watcher;
mod why;

pub use attempt::*;
pub use ends::*;
pub use follow::*;
pub use follow_error::*;
pub use replica::*;
pub use report::*;
pub use submit::*;
pub use sync::*;
pub use view::*;
pub use wait::*;
pub use watcher::*;
pub use why::*;
