//! What runs hold in a runtime: everything that may cost something and that mlctl has made.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::types::Notice;

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Holdings {
    /// The things.
    pub things: Vec<Holding>,
    /// What could not be looked at, and why.
    pub unseen: Vec<Notice>,
}

/// One thing of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holding {
    /// The run.
    pub run: String,
    /// `Job`, `Pod`, `Service`, `Secret`, `ConfigMap`, `process` or `lease`.
    pub kind: String,
    /// Its name; a process id for a process.
    pub name: String,
    /// What tells it from a later one of the same name.
    pub uid: String,
    /// Since when it has been there, where the runtime knows.
    pub since: Option<Timestamp>,
    /// It carries the name of another user.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub foreign: bool,
    /// The run's record: it goes last, so that whatever is left is found again.
    pub is_record: bool,
    /// It goes when its owner does.
    pub is_owned: bool,
    /// Something of it runs.
    pub runs: bool,
    /// It is being removed since then.
    pub going: Option<Timestamp>,
    /// What its removal waits for (finalizers).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<String>,
    /// What it keeps from others while it runs.
    pub requests: Requests,
}

/// Resources that are taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// Cores.
    pub cpu: f64,
    /// Bytes.
    pub memory: u64,
    /// Accelerators by the name of their resource.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accelerators: BTreeMap<String, u64>,
}

impl Requests {
    /// Takes in what another thing asks for.
    pub fn add(&mut self, other: &Self) {
        self.cpu += other.cpu;
        self.memory += other.memory;
        for (name, count) in &other.accelerators {
            *self.accelerators.entry(name.clone()).or_default() += count;
        }
    }

    /// Nothing is taken.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
