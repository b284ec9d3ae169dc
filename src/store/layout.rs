//! Where things lie in the state folder.

use std::path::{Path, PathBuf};

use crate::gang::{ReplicaId, RunId};

/// The paths of one run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunPaths {
    /// The folder of the run, `<state>/runs/<run>`.
    pub dir: PathBuf,
    /// Id of the run, which is the folder's name.
    pub run: RunId,
}

impl RunPaths {
    /// The paths of `run` below the state folder.
    pub fn new(state: &Path, run: &RunId) -> Self {
        Self { dir: state.join("runs").join(run), run: run.into() }
    }

    /// The state folder that the run's folder lies in.
    pub fn state(&self) -> &Path {
        self.dir.parent().and_then(Path::parent).unwrap_or(&self.dir)
    }

    /// The spec as it was given, byte for byte but for masked secrets.
    pub fn source(&self) -> PathBuf {
        self.dir.join("source.yaml")
    }

    /// The spec as it was run: with overrides and variables, secrets masked.
    pub fn resolved(&self) -> PathBuf {
        self.dir.join("resolved.yaml")
    }

    /// The plan as JSON, secret values masked.
    pub fn plan(&self) -> PathBuf {
        self.dir.join("plan.json")
    }

    /// The record: what is known of the run.
    pub fn record(&self) -> PathBuf {
        self.dir.join("run.json")
    }

    /// The journal, one event a line.
    pub fn events(&self) -> PathBuf {
        self.dir.join("events.jsonl")
    }

    /// Held while the run's files are changed.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// What the local agents are told and what they leave behind.
    pub fn agents(&self) -> PathBuf {
        self.dir.join("agents")
    }

    /// The gang's token; never shown.
    pub fn token(&self) -> PathBuf {
        self.agents().join("token")
    }

    /// The configuration that a replica's agent is started with, as JSON.
    pub fn agent_config(&self, replica: &ReplicaId) -> PathBuf {
        self.agents().join(format!("{replica}.json"))
    }

    /// One agent's termination message.
    pub fn termination(&self, replica: &ReplicaId) -> PathBuf {
        self.agents().join(format!("{replica}.end"))
    }

    /// Everything that a replica printed over all attempts, with the agent's own lines in it.
    pub fn log(&self, replica: &ReplicaId) -> PathBuf {
        self.dir.join("logs").join(format!("{replica}.log"))
    }

    /// A replica's working folders.
    pub fn work(&self, replica: &ReplicaId) -> PathBuf {
        self.dir.join("work").join(replica.to_string())
    }

    /// Default base of the outputs.
    pub fn output(&self) -> PathBuf {
        self.dir.join("output")
    }
}
