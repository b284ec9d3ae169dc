//! The kinds of jobs of Kubeflow's training operator, each with how its replicas find each other.
//!
//! Source: the operator's API of `kubeflow.org/v1` (`pkg/apis/kubeflow.org/v1/*_types.go`) and the variables that its
//! controllers set (`pkg/controller.v1/*/envvar.go`), release 1.9.

use crate::spec::kinds::train::{EnvVar, Framework};

/// A kind of job.
pub(super) struct JobKind {
    /// What `kind:` says.
    pub(super) name: &'static str,
    /// What it becomes is said to come from this.
    pub(super) format: &'static str,
    /// The field with its replicas.
    pub(super) replicas: &'static str,
    /// Which rendezvous of ours its code finds.
    pub(super) framework: Framework,
    /// Its types of replicas, each with the role that it is here; the first that there is, is the primary.
    pub(super) roles: &'static [(&'static str, &'static str)],
    /// The container that trains, where there are several.
    pub(super) container: &'static str,
    /// What replicas do where they say nothing of restarts.
    pub(super) restarts: Restarts,
    /// Variables that the operator sets beside those of the rendezvous, by ours.
    pub(super) variables: &'static [(&'static str, &'static str)],
    /// Variables that the operator sets in a job of several replicas and nothing sets here.
    pub(super) unset: &'static [&'static str],
}

/// What happens to a replica whose command fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restarts {
    /// The job has failed.
    Never,
    /// It is started again.
    OnFailure,
    /// It is started again where its exit code says that it was ended: 128 and above.
    ExitCode,
}

const MASTER_AND_WORKERS: &[(&str, &str)] = &[("Master", "master"), ("Worker", "worker")];

/// All kinds.
pub(super) const KINDS: &[JobKind] = &[
    JobKind {
        name: "TFJob",
        format: "Kubeflow TFJob",
        replicas: "tfReplicaSpecs",
        framework: Framework::Tensorflow,
        roles: &[
            ("Chief", "chief"),
            ("Master", "chief"),
            ("Worker", "worker"),
            ("PS", "ps"),
            ("Evaluator", "evaluator"),
        ],
        container: "tensorflow",
        restarts: Restarts::Never,
        variables: &[],
        unset: &[],
    },
    JobKind {
        name: "PyTorchJob",
        format: "Kubeflow PyTorchJob",
        replicas: "pytorchReplicaSpecs",
        framework: Framework::Pytorch,
        roles: MASTER_AND_WORKERS,
        container: "pytorch",
        restarts: Restarts::OnFailure,
        variables: &[],
        unset: &[],
    },
    JobKind {
        name: "XGBoostJob",
        format: "Kubeflow XGBoostJob",
        replicas: "xgbReplicaSpecs",
        // Its tracker is found by the variables that PyTorch has.
        framework: Framework::Pytorch,
        roles: MASTER_AND_WORKERS,
        container: "xgboost",
        restarts: Restarts::Never,
        variables: &[],
        // LightGBM's workers listen, and each needs the addresses of all others.
        unset: &["WORKER_ADDRS", "WORKER_PORT"],
    },
    JobKind {
        name: "PaddleJob",
        format: "Kubeflow PaddleJob",
        replicas: "paddleReplicaSpecs",
        framework: Framework::Pytorch,
        roles: MASTER_AND_WORKERS,
        container: "paddle",
        restarts: Restarts::OnFailure,
        variables: &[
            ("PADDLE_JOB_ID", "$(MLCTL_RUN)"),
            ("PADDLE_NNODES", "$(PET_NNODES)"),
            ("PADDLE_MASTER", "$(MASTER_ADDR):$(MASTER_PORT)"),
        ],
        unset: &[],
    },
    JobKind {
        name: "JAXJob",
        format: "Kubeflow JAXJob",
        replicas: "jaxReplicaSpecs",
        framework: Framework::Jax,
        roles: &[("Worker", "worker")],
        container: "jax",
        restarts: Restarts::Never,
        variables: &[
            ("COORDINATOR_ADDRESS", "$(MASTER_ADDR)"),
            ("COORDINATOR_PORT", "$(MASTER_PORT)"),
            ("NUM_PROCESSES", "$(WORLD_SIZE)"),
            ("PROCESS_ID", "$(RANK)"),
        ],
        unset: &[],
    },
];

/// An MPIJob whose workers start their processes by themselves. Who finds the others is its framework.
pub(super) fn mpi_kind(framework: Framework) -> JobKind {
    JobKind {
        name: "MPIJob",
        format: "Kubeflow MPIJob",
        replicas: "mpiReplicaSpecs",
        framework,
        roles: &[("Worker", "worker")],
        container: "mpi",
        // What the operator writes for a launcher that says nothing.
        restarts: Restarts::OnFailure,
        variables: &[],
        unset: &[],
    }
}

impl JobKind {
    /// The kind of this name.
    pub(super) fn of(name: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.name == name)
    }

    /// The variables that its code finds beside those of the rendezvous.
    pub(super) fn variables(&self) -> Vec<EnvVar> {
        let variable = |(name, value): &(&str, &str)| EnvVar {
            name: (*name).to_owned(),
            value: Some((*value).to_owned()),
            value_from: None,
        };
        self.variables.iter().map(variable).collect()
    }
}
