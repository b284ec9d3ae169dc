//! The runtime of a cluster behind the trait of all runtimes. It holds the threads on which watches
//! and logs are followed; whoever calls it waits at its edge.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::session::Inner;
use super::{cancel, exec};
use crate::event::Event;
use crate::gang::ReplicaId;
use crate::plan::{Plan, RuntimeDefaults};
use crate::runtime::holding::{Holding, Holdings};
use crate::runtime::image::name_commands;
use crate::runtime::kubernetes::client::{ConnectOptions, Location};
use crate::runtime::kubernetes::follow::{PodLogs, archive};
use crate::runtime::kubernetes::objects::ManifestContext;
use crate::runtime::kubernetes::{examine, follow, submit};
use crate::runtime::log_files::FileLogs;
use crate::runtime::types::{
    Backend, BackendError, Cursor, ExecRequest, FoundRun, GpuView, LogQuery, LogReader, Notice,
    SecretValues, SubmitOptions, Wanted,
};
use crate::store::RunPaths;

/// What the runtime of a cluster needs to know of its surroundings.
#[derive(Clone, Default)]
pub struct KubernetesConfig {
    /// Which cluster and namespace.
    pub connect: ConnectOptions,
    /// What the settings say of all objects; `None` where they lack the runner image, which only a
    /// submission needs.
    pub manifests: Option<ManifestContext>,
    /// Labels of nodes that prices depend on: they are kept with what is known of a pod.
    pub price_labels: BTreeSet<String>,
    /// Docker's configuration, with the user's credentials for registries.
    pub docker_config: PathBuf,
}

/// Gangs as pods of a cluster.
#[derive(Clone)]
pub struct Kubernetes {
    pub(crate) inner: Arc<Inner>,
}

impl Kubernetes {
    /// Reads the kubeconfig. Nothing is sent before something is asked for.
    pub fn new(config: KubernetesConfig) -> Result<Self, BackendError> {
        Ok(Self { inner: Arc::new(Inner::new(config)?) })
    }

    /// Where its runs are.
    pub fn location(&self) -> &Location {
        &self.inner.endpoint.location
    }
}

impl Backend for Kubernetes {
    fn name(&self) -> String {
        self.inner.endpoint.location.to_string()
    }

    fn defaults(&self) -> RuntimeDefaults {
        RuntimeDefaults::CLUSTER
    }

    fn complete(&self, plan: &mut Plan) -> Result<(), BackendError> {
        let KubernetesConfig { manifests, docker_config, .. } = &self.inner.config;
        let architectures = manifests.as_ref().map_or(&[][..], |context| &context.architectures);
        let architecture = architectures.first().map_or("amd64", String::as_str);
        self.inner
            .block_on(name_commands(plan, architecture, docker_config))
            .map_err(BackendError::Refused)
    }

    fn check(&self, plan: &Plan, options: &SubmitOptions) -> Result<Vec<Notice>, BackendError> {
        submit::check(&self.inner, plan, options)
    }

    fn ensure(
        &self,
        plan: &Plan,
        run: &RunPaths,
        secrets: &SecretValues,
        options: &SubmitOptions,
    ) -> Result<Vec<Notice>, BackendError> {
        submit::submit(&self.inner, plan, run, secrets, options)
    }

    fn prepare(&self, runs: &[String]) -> Result<(), BackendError> {
        self.inner.list_all(runs)
    }

    fn find(&self, wanted: &Wanted) -> Result<Vec<FoundRun>, BackendError> {
        examine::find(&self.inner, wanted)
    }

    fn holdings(&self) -> Result<Holdings, BackendError> {
        examine::holdings(&self.inner)
    }

    fn discard(&self, holding: &Holding) -> Result<(), BackendError> {
        examine::discard(&self.inner, holding)
    }

    fn gpus(&self) -> Result<GpuView, BackendError> {
        examine::gpus(&self.inner)
    }

    fn observe(&self, run: &RunPaths, cursor: &mut Cursor) -> Result<Vec<Event>, BackendError> {
        follow::observe(&self.inner, run, cursor)
    }

    fn logs(&self, run: &RunPaths, query: &LogQuery) -> Result<Box<dyn LogReader>, BackendError> {
        // What has ended since it was last looked at is kept before its pods go.
        archive::is_gone(&self.inner, run)?;
        let Some(submission) = self.inner.submission(run)? else {
            return Err(BackendError::Unsupported(format!(
                "nothing of {} is left in {}, and its logs were not saved",
                run.run,
                self.name()
            )));
        };
        if submission.archived {
            let replicas: Vec<ReplicaId> =
                submission.layout.jobs.into_iter().flat_map(|job| job.replicas).collect();
            return Ok(Box::new(FileLogs::open(run, query, &submission.nonce, replicas)));
        }
        Ok(Box::new(PodLogs::open(Arc::clone(&self.inner), run.clone(), query, submission)))
    }

    fn cancel(&self, run: &RunPaths, by: &str) -> Result<Vec<Notice>, BackendError> {
        cancel::cancel(&self.inner, run, by)
    }

    fn is_gone(&self, run: &RunPaths) -> Result<bool, BackendError> {
        archive::is_gone(&self.inner, run)
    }

    fn remove(&self, run: &RunPaths) -> Result<(), BackendError> {
        cancel::remove(&self.inner, run)
    }

    fn exec(
        &self,
        run: &RunPaths,
        replica: &ReplicaId,
        request: &ExecRequest,
    ) -> Result<u8, BackendError> {
        exec::exec(&self.inner, run, replica, request)
    }
}
