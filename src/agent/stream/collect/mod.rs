//! The metrics of a study's trial, by the names and from the source that its plan says.

mod collector;
mod event_file;
mod event_folder;
#[cfg(test)]
mod event_tests;
mod lines;
#[cfg(test)]
mod lines_tests;
mod messages;
mod number;
mod tail;
#[cfg(test)]
mod tests;
mod wanted;

pub use collector::Collector;
