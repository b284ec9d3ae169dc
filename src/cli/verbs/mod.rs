//! One file per verb: its arguments, its help and what it does.

pub mod cancel;
pub mod exec;
pub mod list;
pub mod logs;
pub mod state;
pub mod status;
pub mod wait;
pub mod why;
