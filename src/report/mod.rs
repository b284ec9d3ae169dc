//! Events folded into what people see. Pure: no clock, no file, no terminal.

pub mod advice;
mod replica;
mod state;
#[cfg(test)]
mod tests;
mod view;
mod why;

pub use replica::*;
pub use state::*;
pub use view::*;
pub use why::*;
