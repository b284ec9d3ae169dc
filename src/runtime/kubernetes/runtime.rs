//! The runtime of a cluster behind the trait of all runtimes. It holds the threads on which watches
//! and logs are followed; whoever calls it waits at its edge.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::config::KubernetesConfig;
use super::endpoints::EndpointLogs;
use super::session::Session;
use super::{cancel, endpoints, exec, notes, reach};
use crate::event::Cursor;
use crate::event::Event;
use crate::gang::{ReplicaId, RunId};
use crate::plan::{Plan, RuntimeDefaults};
use crate::runtime::image::name_commands;
use crate::runtime::kubernetes::client::{Location, user_within};
use crate::runtime::kubernetes::follow::{PodLogs, archive};
use crate::runtime::kubernetes::{examine, follow, submit};
use crate::runtime::log_files::FileLogs;
use crate::runtime::{
    ExecRequest, FoundRuns, GpuView, Inventory, LogQuery, LogReader, Notes, Notice, Outputs, Runs,
    RuntimeError, SecretValues, SubmitOptions, Wanted,
};
use crate::runtime::{Holding, Holdings};
use crate::store::{EndpointPaths, NotesPaths, RunPaths};

/// The architecture whose command counts, of an image for several, where the settings don't say
/// which ones the runner image has. Images for several architectures run the same command on each.
const COMMON_ARCHITECTURE: &str = "amd64";

/// Gangs as pods of a cluster.
#[derive(Clone)]
pub struct Kubernetes {
    pub(crate) session: Arc<Session>,
}

impl Kubernetes {
    /// Reads the kubeconfig. No request is sent before something is asked for.
    pub fn new(config: KubernetesConfig) -> Result<Self, RuntimeError> {
        Ok(Self { session: Arc::new(Session::new(config)?) })
    }

    /// The name by which the cluster knows this user, if it answers within this time.
    pub fn who_within(&self, limit: Duration) -> Result<String, RuntimeError> {
        let cluster = self.session.cluster()?;
        Ok(self.session.block_on(user_within(&cluster, limit))?)
    }

    /// The context and the namespace of its runs.
    pub fn location(&self) -> &Location {
        &self.session.endpoint.location
    }
}

impl Runs for Kubernetes {
    fn name(&self) -> String {
        self.session.endpoint.location.to_string()
    }

    fn who(&self) -> Result<Option<String>, RuntimeError> {
        Ok(Some(self.session.user()?))
    }

    fn time(&self) -> Timestamp {
        self.session.now()
    }

    fn defaults(&self) -> RuntimeDefaults {
        RuntimeDefaults::CLUSTER
    }

    fn complete(&self, plan: &mut Plan) -> Result<(), RuntimeError> {
        let KubernetesConfig { manifests, docker_config, .. } = &self.session.config;
        let architectures = manifests.as_ref().map_or(&[][..], |context| &context.architectures);
        let architecture = architectures.first().map_or(COMMON_ARCHITECTURE, String::as_str);
        self.session
            .block_on(name_commands(plan, architecture, docker_config))
            .map_err(RuntimeError::Refused)?;
        submit::name_archive(plan)
    }

    fn check(&self, plan: &Plan, options: &SubmitOptions) -> Result<Vec<Notice>, RuntimeError> {
        match plan.service() {
            Some(service) => endpoints::check(&self.session, plan, service, options),
            None => submit::check(&self.session, plan, options),
        }
    }

    fn ensure(
        &self,
        plan: &Plan,
        run: &RunPaths,
        secrets: &SecretValues,
        options: &SubmitOptions,
    ) -> Result<Vec<Notice>, RuntimeError> {
        match plan.service() {
            Some(service) => endpoints::ensure(&self.session, plan, service, run, secrets, options),
            None => submit::submit(&self.session, plan, run, secrets, options),
        }
    }

    fn prepare(&self, runs: &[RunId]) -> Result<(), RuntimeError> {
        self.session.list_all(runs)
    }

    fn observe(&self, run: &RunPaths, cursor: &mut Cursor) -> Result<Vec<Event>, RuntimeError> {
        match endpoints::plan_of(run) {
            Some(plan) => endpoints::observe(&self.session, run, &plan, cursor),
            None => follow::observe(&self.session, run, cursor),
        }
    }

    fn cancel(&self, run: &RunPaths, by: &str) -> Result<Vec<Notice>, RuntimeError> {
        if let Some(service) = endpoints::plan_of(run).as_ref().and_then(Plan::service) {
            endpoints::cancel(&self.session, run, service, by)?;
            return Ok(Vec::new());
        }
        cancel::cancel(&self.session, run, by)
    }

    fn is_gone(&self, run: &RunPaths) -> Result<bool, RuntimeError> {
        if endpoints::plan_of(run).is_some() {
            return endpoints::is_gone(&self.session, run);
        }
        archive::is_gone(&self.session, run)
    }

    fn is_settled(&self, run: &RunPaths) -> Result<bool, RuntimeError> {
        if endpoints::plan_of(run).is_some() {
            return endpoints::is_gone(&self.session, run);
        }
        archive::is_settled(&self.session, run)
    }

    fn remove(&self, run: &RunPaths) -> Result<(), RuntimeError> {
        if let Some(service) = endpoints::plan_of(run).as_ref().and_then(Plan::service) {
            return endpoints::remove(&self.session, run, service);
        }
        cancel::remove(&self.session, run)
    }

    fn reach(&self, endpoint: &RunId) -> Result<Option<SocketAddr>, RuntimeError> {
        reach::reach(&self.session, endpoint).map(Some)
    }

    fn exec(
        &self,
        run: &RunPaths,
        replica: &ReplicaId,
        request: &ExecRequest,
    ) -> Result<u8, RuntimeError> {
        exec::exec(&self.session, run, replica, request)
    }

    fn exec_in(
        &self,
        endpoint: &RunPaths,
        pod: &str,
        request: &ExecRequest,
    ) -> Result<u8, RuntimeError> {
        exec::exec_in(&self.session, endpoint, pod, request)
    }

    fn discard_deployments(
        &self,
        endpoint: &RunPaths,
        deployments: &[RunId],
    ) -> Result<(), RuntimeError> {
        endpoints::discard(&self.session, endpoint, deployments)
    }
}

impl Notes for Kubernetes {
    fn read_notes(&self, of: &NotesPaths, from: u64) -> Result<Vec<u8>, RuntimeError> {
        notes::read(&self.session, &of.group, from)
    }

    fn add_notes(&self, of: &NotesPaths, lines: &[u8]) -> Result<(), RuntimeError> {
        notes::add(&self.session, &of.group, lines)
    }

    fn applied(&self, endpoint: &EndpointPaths) -> Result<BTreeMap<String, String>, RuntimeError> {
        notes::applied(&self.session, &endpoint.endpoint)
    }

    fn shown(&self, endpoint: &EndpointPaths) -> Result<Option<Vec<u8>>, RuntimeError> {
        notes::shown(&self.session, &endpoint.endpoint)
    }
}

impl Outputs for Kubernetes {
    fn logs(&self, run: &RunPaths, query: &LogQuery) -> Result<Box<dyn LogReader>, RuntimeError> {
        if endpoints::plan_of(run).is_some() {
            let logs = EndpointLogs::open(Arc::clone(&self.session), run.clone(), query);
            return Ok(Box::new(logs));
        }
        // A run may have ended since it was observed last. Its logs are saved now, before its pods
        // are deleted.
        archive::is_gone(&self.session, run)?;
        let Some(submission) = self.session.submission(run)? else {
            return Err(RuntimeError::Unsupported(format!(
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
        Ok(Box::new(PodLogs::open(Arc::clone(&self.session), run.clone(), query, submission)))
    }
}

impl Inventory for Kubernetes {
    fn find(&self, wanted: &Wanted) -> Result<FoundRuns, RuntimeError> {
        examine::find(&self.session, wanted)
    }

    fn holdings(&self) -> Result<Holdings, RuntimeError> {
        examine::holdings(&self.session)
    }

    fn another_owner(&self, run: &RunId) -> Result<Option<String>, RuntimeError> {
        examine::another_owner(&self.session, run)
    }

    fn discard(&self, holding: &Holding) -> Result<(), RuntimeError> {
        examine::discard(&self.session, holding)
    }

    fn gpus(&self) -> Result<GpuView, RuntimeError> {
        examine::gpus(&self.session)
    }
}
