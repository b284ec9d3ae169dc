//! What is said of a command line that can't be understood, and what was meant by it.

mod line;
mod print;
mod problem;
mod second;
mod sense;
mod spec;
mod unknown;
mod verbs;
mod words;

pub(super) use print::print;
pub(super) use problem::format;
pub(super) use second::meant_by_second;
