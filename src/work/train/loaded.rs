//! A job as it was loaded from its file or script.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::spec::TrainJob;
use crate::storage::{BucketSettings, CodeRules};

/// One job with what is known of its source.
#[derive(Debug)]
pub struct LoadedJob {
    /// The job with overrides and variables filled in.
    pub job: TrainJob,
    /// Paths of values that the environment gave.
    pub from_env: Vec<String>,
    /// The text that it was read from, which all documents of a file share.
    pub source: Arc<str>,
    /// Relative paths of the spec start here.
    pub base: PathBuf,
    /// The spec was written for Vertex AI: what it asks of machines is taken as a hint.
    pub foreign: bool,
    /// Where it names no `code`, that of its system is in an image, and here beside its file.
    pub code_beside: bool,
    /// Its places were typed by whoever runs it: nothing is said of where they lie.
    pub is_typed: bool,
    /// By which rules its code travels, where the job alone doesn't say: of a study's trials it is a copy
    /// that was made when the study began, and the output of a batch prediction is not in its workers' job.
    pub own_rules: Option<CodeRules>,
    /// How the user reaches buckets, by bucket.
    pub storage: BTreeMap<String, BucketSettings>,
}

impl LoadedJob {
    /// Values that `${VAR}` brought into environment variables: not to be written down.
    pub fn secrets(&self) -> BTreeSet<String> {
        let mut of_env = self.from_env.iter().filter(|path| path.contains("env[")).peekable();
        // Most jobs have none, and whoever plans asks more than once.
        let whole = of_env.peek().and_then(|_| serde_json::to_value(&self.job).ok());
        let Some(whole) = whole else { return BTreeSet::new() };
        let value_at = |path: &String| {
            let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
            whole.pointer(&pointer)?.as_str().map(str::to_owned)
        };
        of_env.filter_map(value_at).collect()
    }
}
