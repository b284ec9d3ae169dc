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
    /// Adds what something else asks for. Numbers may be anything that somebody has written into a pod:
    /// a sum that is too large stays at the largest.
    pub fn add(&mut self, other: &Self) {
        self.cpu += other.cpu;
        self.memory = self.memory.saturating_add(other.memory);
        for (name, count) in &other.accelerators {
            let sum = self.accelerators.entry(name.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
    }

    /// Nothing is taken.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_anybody_asks_for_is_summed_up() {
        let much = Requests {
            cpu: 1e300,
            memory: u64::MAX,
            accelerators: BTreeMap::from([("nvidia.com/gpu".into(), u64::MAX)]),
        };
        let mut sum = much.clone();
        sum.add(&much);
        assert_eq!((sum.memory, &sum.accelerators), (u64::MAX, &much.accelerators));
    }
}
