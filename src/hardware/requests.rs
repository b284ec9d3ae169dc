//! Amounts of a machine that something asks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Resources of machines that are taken.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Requests {
    /// CPU cores; parts of one count.
    pub cpu: f64,
    /// Bytes of memory.
    pub memory: u64,
    /// How many accelerators, by the name of their resource in the cluster.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accelerators: BTreeMap<String, u64>,
}

impl Requests {
    /// Adds what something else asks for.
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
