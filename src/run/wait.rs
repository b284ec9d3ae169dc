//! What keeps a run or a replica from running, and what it does meanwhile.

use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::event::WaitingReason;

/// What keeps something from starting, in the cluster's words. Shown and serialised as one text:
/// `Unschedulable: 0/2 nodes are available`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The cluster's word for it.
    pub reason: WaitingReason,
    /// The cluster's own sentence; may be empty.
    pub message: String,
}

/// What a replica does while its command does not run. Serialised as its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// The cluster keeps it from starting.
    Waits(Wait),
    /// Its set-up runs; the last line of its output.
    SetsUp(String),
    /// Its set-up installs packages.
    Installs(Install),
}

/// How far an installer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// What installs: `pip` or `uv`.
    pub with: String,
    /// When it began.
    pub since: Timestamp,
    /// How many packages it has named so far.
    pub packages: u32,
    /// The last line of its output; empty before the first.
    pub line: String,
}

impl Wait {
    /// What an event says.
    pub fn new(reason: &WaitingReason, message: &str) -> Self {
        Self { reason: reason.clone(), message: message.to_owned() }
    }
}

impl Activity {
    /// What it waits for; `None` while it does something.
    pub fn wait(&self) -> Option<&Wait> {
        match self {
            Self::Waits(wait) => Some(wait),
            Self::SetsUp(_) | Self::Installs(_) => None,
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, message } = self;
        if message.is_empty() { write!(f, "{reason}") } else { write!(f, "{reason}: {message}") }
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Waits(wait) => wait.fmt(f),
            Self::SetsUp(line) | Self::Installs(Install { packages: 0, line, .. }) => {
                f.write_str(line)
            }
            Self::Installs(Install { with, packages, line, .. }) => {
                let plural = if *packages == 1 { "" } else { "s" };
                write!(f, "{with}: {packages} package{plural}: {line}")
            }
        }
    }
}

impl Serialize for Wait {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Activity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
