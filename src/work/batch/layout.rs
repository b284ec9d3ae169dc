//! Where things are in an output.

use crate::storage::Place;

/// The places in one output. Only these are ever written, read back or removed: whatever else is in the
/// folder is somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLayout {
    base: String,
    shards: usize,
}

impl OutputLayout {
    /// The layout of an output with so many shards.
    pub fn new(output: &Place, shards: usize) -> Self {
        Self { base: output.as_str().trim_end_matches('/').to_owned(), shards }
    }

    /// The job's document of an output.
    pub fn job(output: &Place) -> Place {
        format!("{}/_mlctl/job.json", output.as_str().trim_end_matches('/')).into()
    }

    /// The rows of a shard that have a prediction, in input order.
    pub fn results(&self, shard: usize) -> Place {
        self.file("results", shard)
    }

    /// The rows of a shard that have none, in input order, each with the reason.
    pub fn errors(&self, shard: usize) -> Place {
        self.file("errors_stats", shard)
    }

    fn file(&self, what: &str, shard: usize) -> Place {
        format!("{}/prediction.{what}-{shard:05}-of-{:05}", self.base, self.shards).into()
    }

    /// The marker that commits a shard. `generation` counts from 0; each `--retry-failed` that changes
    /// the shard adds one, and the highest that is there counts.
    pub fn marker(&self, shard: usize, generation: u32) -> Place {
        format!("{}/_mlctl/shards/{shard:05}.{generation}.json", self.base).into()
    }

    /// The folder of all markers.
    pub fn markers(&self) -> Place {
        format!("{}/_mlctl/shards/", self.base).into()
    }

    /// The name of a part: `what` is `results` or `errors`; `writer` is a word that no other writer has,
    /// and `number` one that it has not used before.
    pub(crate) fn part_name(
        shard: u32,
        generation: u32,
        writer: &str,
        number: u64,
        what: &str,
    ) -> String {
        format!("{shard:05}.{generation}.{writer}.{number}.{what}")
    }

    /// The generation of a part by its name; `None` for a name that is no part's.
    pub(crate) fn generation_of(name: &str) -> Option<u32> {
        name.split('.').nth(1)?.parse().ok()
    }

    /// A part that a worker writes before it commits, by its name.
    pub fn part(&self, name: &str) -> Place {
        format!("{}/_mlctl/parts/{name}", self.base).into()
    }

    /// The folder of all parts.
    pub fn parts(&self) -> Place {
        format!("{}/_mlctl/parts/", self.base).into()
    }

    /// The summary of the finished job.
    pub fn summary(&self) -> Place {
        format!("{}/_mlctl/summary.json", self.base).into()
    }
}
