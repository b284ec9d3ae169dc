//! One trial of a study, as its journal tells of it.

use std::fmt;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gang::RunId;
use crate::spec::Word;

/// A trial.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its number, from 1 on.
    pub trial: u32,
    /// What it is doing, or how it ended.
    pub state: TrialState,
    /// Its parameters; those that don't count in it are left out.
    pub params: IndexMap<String, Word>,
    /// How they were found: `model`, `start`, `random`, `grid`, `quasirandom` or `baseline`.
    pub found: String,
    /// Its run; absent before it has one.
    pub run: Option<RunId>,
    /// Runs before it that were refused or lost, oldest first.
    pub lost_runs: Vec<RunId>,
    /// Its run is with its runtime.
    pub is_submitted: bool,
    /// Why its run is being ended, or was.
    pub stopping: Option<StopReason>,
    /// When its run was made.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub end: Option<TrialEnd>,
    /// What it has reported on the way; known once it has ended.
    pub curve: Vec<Point>,
}

/// What a trial is doing, or how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TrialState {
    /// It has parameters, and waits for a place.
    Waiting,
    /// Its run goes on.
    Running,
    /// It is being ended.
    Stopping,
    /// It ended well, with a value for each metric.
    Succeeded,
    /// It was ended before it was whole, and what it had reported counts.
    Stopped,
    /// It ended without a value for a metric, also with exit code 0.
    Infeasible,
    /// Its run failed.
    Failed,
    /// The study was ended; what it had reported does not count.
    Cancelled,
}

impl TrialState {
    /// The word that users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Succeeded => "succeeded",
            Self::Stopped => "stopped",
            Self::Infeasible => "infeasible",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The trial is over.
    pub fn is_ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running | Self::Stopping)
    }

    /// The trial's values are a result.
    pub fn counts(self) -> bool {
        matches!(self, Self::Succeeded | Self::Stopped)
    }

    /// It ended badly, by itself.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Failed | Self::Infeasible)
    }
}

impl fmt::Display for TrialState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialEnd {
    /// In which of the states of an end.
    pub state: TrialState,
    /// The value of each metric that it has reported, by the study's rule of which counts.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub values: IndexMap<String, f64>,
    /// The step of the value that counts, where it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// What to know of the end, in one sentence; empty after a success.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Values that a trial has reported at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Point {
    /// The step or epoch, where it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// Seconds since the trial's first attempt started.
    pub seconds: f64,
    /// The values by name.
    pub values: IndexMap<String, f64>,
}

/// Why a trial is ended before it is whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "by", content = "because")]
pub enum StopReason {
    /// The rule of early stopping; what it has seen, in one sentence.
    Rule(String),
    /// Somebody has asked for it.
    Person(String),
    /// The study is over: it has reached its target, its time or its cost.
    StudyOver(String),
    /// The study was cancelled, or has failed.
    StudyCancelled(String),
}

impl StopReason {
    /// A person ends the trial.
    pub fn by_person(user: &str) -> Self {
        Self::Person(format!("ended by {user}"))
    }

    /// The sentence.
    pub fn text(&self) -> &str {
        match self {
            Self::Rule(text)
            | Self::Person(text)
            | Self::StudyOver(text)
            | Self::StudyCancelled(text) => text,
        }
    }
}
