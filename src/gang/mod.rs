//! The gang as a pure state machine: events and time in, commands out.
//!
//! [`Session`] is the half that only the primary's agent runs: it gathers, starts, stops, blames
//! and decides. [`MemberMachine`] is the half that every agent runs, the primary's own included,
//! through an in-process link. Neither reads a clock, sleeps or draws a random number.

mod config;
mod event;
mod failure;
mod member;
mod message;
mod names;
mod replica;
mod rules;
mod session;
#[cfg(test)]
mod sim;
mod tasks;
mod termination;
mod timing;

pub use config::*;
pub use event::*;
pub use failure::*;
pub use member::*;
pub use message::*;
pub use names::*;
pub use replica::*;
pub use session::*;
pub use tasks::*;
pub use termination::*;
