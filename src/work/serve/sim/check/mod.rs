//! The invariants, checked as things happen.

mod end;
mod evidence;
mod lines;
mod scale;
mod second;
mod steps;
mod watch;

pub(super) use watch::Watch;
