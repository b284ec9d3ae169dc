//! Where things lie in the state folder.

use std::path::{Path, PathBuf};

use crate::gang::{ReplicaId, RunId};

/// Whose process is recorded in a run's folder.
#[derive(Clone, Copy, Debug)]
pub enum ProcessName<'a> {
    /// The agent of a replica.
    Replica(&'a ReplicaId),
    /// The mlctl that submits the run.
    Submitter,
}

/// The paths of one study's folder, which all runs share that were its loop. They are joined here alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StudyPaths {
    /// The folder of the study, `<state>/studies/<study>`.
    pub dir: PathBuf,
    /// The study, which is called after the run that began it.
    pub study: RunId,
}

impl StudyPaths {
    /// The paths of `study` below the state folder.
    pub fn new(state: &Path, study: &RunId) -> Self {
        Self { dir: state.join("studies").join(study), study: study.into() }
    }

    /// What the study is.
    pub fn document(&self) -> PathBuf {
        self.dir.join("study.json")
    }

    /// What was decided, and what came of it.
    pub fn journal(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    /// Held while the journal is written to.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Where its notes are.
    pub fn notes(&self) -> NotesPaths {
        NotesPaths { group: self.study.clone(), journal: self.journal(), lock: self.lock() }
    }

    /// Held by the loop for as long as it decides.
    pub fn loop_lock(&self) -> PathBuf {
        self.dir.join("loop.lock")
    }

    /// Held while somebody makes a run that goes on with the study.
    pub fn resume_lock(&self) -> PathBuf {
        self.dir.join("resume.lock")
    }

    /// The code of its trials as it was when the study began.
    pub fn code(&self) -> PathBuf {
        self.dir.join("code")
    }
}

/// Where the notes of a study or an endpoint are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotesPaths {
    /// The study or the endpoint, by which a cluster calls them.
    pub group: RunId,
    /// The file that has them on this machine.
    pub journal: PathBuf,
    /// Held while that is written to.
    pub lock: PathBuf,
}

/// The paths of one endpoint's folder, which all runs share that were its controller. They are joined here
/// alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointPaths {
    /// The folder of the endpoint, `<state>/endpoints/<endpoint>`.
    pub dir: PathBuf,
    /// The endpoint, which is called after the run that began it.
    pub endpoint: RunId,
}

impl EndpointPaths {
    /// The paths of `endpoint` below the state folder.
    pub fn new(state: &Path, endpoint: &RunId) -> Self {
        Self { dir: state.join("endpoints").join(endpoint), endpoint: endpoint.into() }
    }

    /// What was asked for, decided and done, one entry a line.
    pub fn journal(&self) -> PathBuf {
        self.dir.join("journal.jsonl")
    }

    /// Held while the journal is written to.
    pub fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Where its notes are.
    pub fn notes(&self) -> NotesPaths {
        NotesPaths { group: self.endpoint.clone(), journal: self.journal(), lock: self.lock() }
    }

    /// Held by the controller for as long as it decides.
    pub fn controller_lock(&self) -> PathBuf {
        self.dir.join("controller.lock")
    }

    /// What callers meet: the port, limits, tokens.
    pub fn document(&self) -> PathBuf {
        self.dir.join("endpoint.json")
    }

    /// How the endpoint is, as its controller said last.
    pub fn live(&self) -> PathBuf {
        self.dir.join("live.json")
    }

    /// The certificate that callers see, for their programs to trust.
    pub fn certificate(&self) -> PathBuf {
        self.dir.join("tls.crt")
    }

    /// What the replicas of a revision are, by the fingerprint of that.
    pub fn definition(&self, digest: &str) -> PathBuf {
        self.dir.join("definitions").join(format!("{digest}.json"))
    }

    /// The code of the replicas of a revision as it was when it was asked for.
    pub fn code(&self, digest: &str) -> PathBuf {
        self.dir.join("code").join(digest)
    }

    /// What a replica says of itself when it can be asked: its addresses. It is called after its run.
    pub fn ready(&self, replica: &RunId) -> PathBuf {
        self.dir.join("replicas").join(format!("{replica}.json"))
    }
}

/// The paths of one run's folder. They are joined here alone, and from names that can't lead out of it.
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

    /// Held while the run's model is pushed to the registry.
    pub fn push_lock(&self) -> PathBuf {
        self.dir.join("push.lock")
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

    /// The socket file at which a gang's agents meet.
    pub fn gang_socket(&self) -> PathBuf {
        self.agents().join("gang")
    }

    /// The socket file of a task's agent.
    pub fn task_socket(&self, task: &ReplicaId) -> PathBuf {
        self.agents().join(format!("{task}.sock"))
    }

    /// What a submission to this machine has chosen: ports, devices, the word that marks agents' lines.
    pub fn launch(&self) -> PathBuf {
        self.agents().join("launch.json")
    }

    /// The process of a replica's agent, or `mlctl` for the one that submits.
    pub fn process(&self, name: ProcessName<'_>) -> PathBuf {
        match name {
            ProcessName::Replica(replica) => self.agents().join(format!("{replica}.pid")),
            ProcessName::Submitter => self.agents().join("mlctl.pid"),
        }
    }

    /// Who has cancelled the run while it waited for its turn on this machine.
    pub fn withdrawn(&self) -> PathBuf {
        self.agents().join("withdrawn")
    }

    /// What is remembered of a submission to a cluster.
    pub fn submission(&self) -> PathBuf {
        self.agents().join("cluster.json")
    }

    /// Which process submits the run to a cluster, while one does.
    pub fn submitting(&self) -> PathBuf {
        self.agents().join("submitting.json")
    }

    /// The objects as they were made in a cluster, without secret values.
    pub fn manifests(&self) -> PathBuf {
        self.dir.join("manifests.yaml")
    }

    /// The cluster's own events of the run's objects, one a line.
    pub fn cluster_events(&self) -> PathBuf {
        self.dir.join("cluster-events.jsonl")
    }

    /// The folder of the replicas' logs.
    pub fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    /// Everything that a replica printed over all attempts. Where there is no [`Self::own_events`] the
    /// agent's own lines are in it.
    pub fn log(&self, replica: &ReplicaId) -> PathBuf {
        self.logs().join(format!("{replica}.log"))
    }

    /// The folder of what followers have kept of the logs of a replica's pods, which a cluster may delete
    /// before the run ends. It goes when [`Self::log`] is written.
    pub fn kept_log(&self, replica: &ReplicaId) -> PathBuf {
        self.kept_logs().join(replica.to_string())
    }

    /// The folder of those folders.
    pub fn kept_logs(&self) -> PathBuf {
        self.logs().join("kept")
    }

    /// The events of a replica's agent on this machine, each with its place in the log.
    pub fn own_events(&self, replica: &ReplicaId) -> PathBuf {
        self.logs().join(format!("{replica}.events"))
    }

    /// The code as it was when the run was submitted; working folders are copies of it.
    pub fn code(&self) -> PathBuf {
        self.dir.join("code")
    }

    /// The folder of the replicas' working folders.
    pub fn works(&self) -> PathBuf {
        self.dir.join("work")
    }

    /// A replica's working folders.
    pub fn work(&self, replica: &ReplicaId) -> PathBuf {
        self.works().join(replica.to_string())
    }

    /// Where a replica that is not the primary writes a model that nobody keeps.
    pub fn spare_model(&self, replica: &ReplicaId) -> PathBuf {
        self.dir.join("replicas").join(replica.to_string()).join("model")
    }

    /// Default base of the outputs.
    pub fn output(&self) -> PathBuf {
        self.dir.join("output")
    }
}
