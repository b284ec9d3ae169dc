//! The gang as a pure state machine: events and time in, commands out.
//!
//! [`Session`] is the half that only the primary's agent runs: it gathers, starts, stops, blames and
//! decides. [`MemberMachine`] is the half that every agent runs, the primary's own included, through
//! an in-process link. Neither reads a clock, sleeps or draws a random number.

mod carry;
mod event;
mod member;
mod rules;
mod session;
#[cfg(test)]
mod sim;
mod termination;
mod timing;
mod types;

pub use event::*;
pub use member::*;
pub use session::*;
pub use termination::*;
pub use types::*;
