//! The gang as a pure state machine: events and time in, commands out.

mod types;

pub use types::*;
