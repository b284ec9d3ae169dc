//! What replicas have printed and what their agents have told, read from files in a run's folder: in time
//! and memory for what is asked for, however long the files are.

mod backward;
mod events;
mod logs;
mod source;
mod start;
#[cfg(test)]
mod tests;

pub(crate) use events::{has_told, tell};
pub(crate) use logs::FileLogs;
