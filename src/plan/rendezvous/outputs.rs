//! Where a replica writes.

use std::path::PathBuf;

use crate::storage::Place;

/// Names of the folders below the base of the outputs, in the order of `OutputDirs`.
pub const OUTPUT_PARTS: [&str; 3] = ["model", "checkpoints", "logs"];

/// Where one replica writes. Paths or URIs, with or without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputDirs {
    /// Becomes `AIP_MODEL_DIR`; the primary's is the real one.
    pub model: String,
    /// Becomes `AIP_CHECKPOINT_DIR`; the same over all replicas and attempts.
    pub checkpoints: String,
    /// Becomes `AIP_TENSORBOARD_LOG_DIR`; the same over all replicas.
    pub logs: String,
}

impl OutputDirs {
    /// The primary's folders below the base of the outputs, a path or a URI.
    pub fn of_primary(base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let below = |name: &str| format!("{base}/{name}");
        Self { model: below("model"), checkpoints: below("checkpoints"), logs: below("logs") }
    }

    /// The same for a replica that doesn't lead: its model goes into a folder of its own.
    pub fn of_other(base: &str, model: impl Into<String>) -> Self {
        Self { model: model.into(), ..Self::of_primary(base) }
    }

    /// Those that are folders of a file system.
    pub fn paths(&self) -> Vec<PathBuf> {
        [&self.model, &self.checkpoints, &self.logs]
            .into_iter()
            .filter(|dir| !Place::from(dir.as_str()).is_url())
            .map(PathBuf::from)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_are_made() {
        let primary = OutputDirs::of_primary("s3://bucket/x/");
        assert_eq!(primary.model, "s3://bucket/x/model");
        assert!(primary.paths().is_empty());
        let other = OutputDirs::of_other("s3://bucket/x", "/mlctl/work/model");
        assert_eq!(other.checkpoints, "s3://bucket/x/checkpoints");
        assert_eq!(other.paths(), [PathBuf::from("/mlctl/work/model")]);
        assert_eq!(OutputDirs::of_primary("/out").paths().len(), 3);
    }
}
