//! Where things are in an output.

use crate::storage::Place;

/// The places in one output. Only these are ever written, read back or removed: whatever else is in the
/// folder is somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLayout {
    base: String,
    shards: usize,
}

/// What a file of an output is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutputFile {
    /// The summary of the finished job.
    Summary,
    /// A marker that commits this shard.
    Marker(usize),
    /// A part of this shard.
    Part(usize),
    /// The published results of this shard.
    Results(usize),
    /// The published errors of this shard.
    Errors(usize),
    /// The job's document.
    Job,
    /// The model server's code on its way to a cluster.
    Code,
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

    /// What a place of this output is; `None` for what is not the job's. A part's name begins with the
    /// number of its shard and a point.
    pub fn file_at(&self, place: &Place) -> Option<OutputFile> {
        let name = place.as_str().strip_prefix(&self.base)?.strip_prefix('/')?;
        let Some(name) = name.strip_prefix("_mlctl/") else {
            return self.published(name);
        };
        if let Some(name) = name.strip_prefix("shards/") {
            let (shard, generation) = name.strip_suffix(".json")?.split_once('.')?;
            let shard = self.shard(shard)?;
            let generation: u32 = generation.parse().ok()?;
            // Only what is written the same is the same: no sign, no zeros in front.
            return (self.marker(shard, generation) == *place).then_some(OutputFile::Marker(shard));
        }
        if let Some(name) = name.strip_prefix("parts/") {
            let (shard, rest) = name.split_once('.')?;
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            let is_plain = !rest.is_empty() && rest.chars().all(plain);
            return self.shard(shard).filter(|_| is_plain).map(OutputFile::Part);
        }
        if let Some(hash) = name.strip_prefix("code/") {
            let hash = hash.strip_suffix(".tar.gz")?;
            let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            return is_hash.then_some(OutputFile::Code);
        }
        match name {
            "job.json" => Some(OutputFile::Job),
            "summary.json" => Some(OutputFile::Summary),
            _ => None,
        }
    }

    fn published(&self, name: &str) -> Option<OutputFile> {
        let (what, numbers) = name.strip_prefix("prediction.")?.split_once('-')?;
        let (shard, of) = numbers.split_once("-of-")?;
        let shard = self.shard(shard).filter(|_| of == format!("{:05}", self.shards))?;
        match what {
            "results" => Some(OutputFile::Results(shard)),
            "errors_stats" => Some(OutputFile::Errors(shard)),
            _ => None,
        }
    }

    /// The number of a shard of this job, as it is written in names.
    fn shard(&self, text: &str) -> Option<usize> {
        let shard = text.parse().ok().filter(|shard| *shard < self.shards)?;
        (text == format!("{shard:05}")).then_some(shard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_layout_names_is_known_again_and_nothing_else() {
        let layout = OutputLayout::new(&"s3://b/out/".into(), 3);
        let output: Place = "s3://b/out".into();
        for (place, file) in [
            (OutputLayout::job(&output), OutputFile::Job),
            (layout.summary(), OutputFile::Summary),
            (format!("s3://b/out/_mlctl/code/{}.tar.gz", "0a".repeat(32)).into(), OutputFile::Code),
            (layout.marker(2, 10), OutputFile::Marker(2)),
            (layout.part("00001.0.a-b_c.results"), OutputFile::Part(1)),
            (layout.results(0), OutputFile::Results(0)),
            (layout.errors(2), OutputFile::Errors(2)),
        ] {
            assert_eq!(layout.file_at(&place), Some(file), "{place}");
        }
        for foreign in [
            "s3://b/out/prediction.results-00003-of-00003",
            "s3://b/out/prediction.results-00000-of-00004",
            "s3://b/out/prediction.results-0-of-00003",
            "s3://b/out/prediction.results-00000-of-00003.bak",
            "s3://b/out/prediction.notes-00000-of-00003",
            "s3://b/out/sub/prediction.results-00000-of-00003",
            "s3://b/out/_mlctl/shards/00000.00.json",
            "s3://b/out/_mlctl/shards/00000.+1.json",
            "s3://b/out/_mlctl/shards/00003.0.json",
            "s3://b/out/_mlctl/shards/x/00000.0.json",
            "s3://b/out/_mlctl/parts/notes.txt",
            "s3://b/out/_mlctl/parts/00001.",
            "s3://b/out/_mlctl/parts/00001.a/b",
            "s3://b/out/_mlctl/notes.json",
            "s3://b/out/_mlctl/code/notes.tar.gz",
            "s3://b/out2/_mlctl/job.json",
            "s3://b/out_mlctl/job.json",
        ] {
            assert_eq!(layout.file_at(&foreign.into()), None, "{foreign}");
        }
    }
}
