//! The half that every agent runs: it obeys the primary, and its lease when the primary is silent.

mod command;
mod inbox;
mod io;
mod link;
mod machine;

pub use io::{MemberEvent, MemberInput, MemberOutput};
pub use machine::MemberMachine;
