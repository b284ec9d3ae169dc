//! The runtime of a cluster behind the trait of all runtimes. It holds the threads on which watches
//! and logs are followed; whoever calls it waits at its edge.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::Api;
use kube::api::PostParams;
use tokio::runtime::{Builder, Handle, Runtime};

use super::api::Cluster;
use super::connect::{ConnectOptions, Endpoint, Location, client, endpoint};
use super::image::name_commands;
use super::log::PodLogs;
use super::observe::Observed;
use super::submission::Submission;
use super::watch::{Feed, JobFacts, PodFacts, RunFacts, selector};
use super::{ManifestContext, archive, cancel, exec, find, label, observe, submit};
use crate::agent::pod::{DOCUMENT, PodDocument};
use crate::backend::log_files::FileLogs;
use crate::backend::{
    Backend, BackendError, Cursor, ExecRequest, FoundRun, LogQuery, LogReader, Notice,
    SecretValues, SubmitOptions, Wanted,
};
use crate::event::Event;
use crate::gang::ReplicaId;
use crate::plan::{Plan, RuntimeDefaults};
use crate::store::RunPaths;

/// A list younger than this is not asked for again.
const FRESH: Duration = Duration::from_millis(500);
/// A list that was made for many runs is good for so long.
const PREPARED: Duration = Duration::from_secs(10);
/// Runs that one list asks for: their names must fit a URL.
const NAMED: usize = 100;

/// What the runtime of a cluster needs to know of its surroundings.
#[derive(Clone, Default)]
pub struct KubernetesConfig {
    /// Which cluster and namespace.
    pub connect: ConnectOptions,
    /// What the settings say of all objects; `None` where they lack the runner image, which only a
    /// submission needs.
    pub manifests: Option<ManifestContext>,
    /// Docker's configuration, with the user's credentials for registries.
    pub docker_config: PathBuf,
}

/// Gangs as pods of a cluster.
#[derive(Clone)]
pub struct Kubernetes {
    inner: Arc<Inner>,
}

/// What is shared with the readers of logs.
pub(super) struct Inner {
    pub(super) config: KubernetesConfig,
    endpoint: Endpoint,
    runtime: Option<Runtime>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cluster: Option<Cluster>,
    user: Option<String>,
    feed: Option<Feed>,
    /// Runs that this process has submitted: they will be followed.
    submitted: HashSet<String>,
    lists: HashMap<String, Listed>,
    observed: HashMap<String, Observed>,
}

/// What a list has told of one run.
struct Listed {
    at: Instant,
    /// It is not asked for again within this time.
    limit: Duration,
    facts: RunFacts,
}

impl Kubernetes {
    /// Reads the kubeconfig. Nothing is sent before something is asked for.
    pub fn new(config: KubernetesConfig) -> Result<Self, BackendError> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let endpoint = runtime.block_on(endpoint(&config.connect))?;
        let state = Mutex::default();
        let inner = Inner { config, endpoint, runtime: Some(runtime), state };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Where its runs are.
    pub fn location(&self) -> &Location {
        &self.inner.endpoint.location
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // A name that is being looked up, or a cut connection, must not hold the command up.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn handle(&self) -> Handle {
        // Taken only when `self` is dropped.
        self.runtime.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }

    pub(super) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.handle().block_on(future)
    }

    /// The connection; made once.
    pub(super) fn cluster(&self) -> Result<Cluster, BackendError> {
        if let Some(cluster) = &self.state().cluster {
            return Ok(cluster.clone());
        }
        let target = self.endpoint.target();
        let client = self.block_on(async { client(&self.endpoint, &target) })?;
        let cluster = Cluster { client, location: self.endpoint.location.clone(), target };
        self.state().cluster = Some(cluster.clone());
        Ok(cluster)
    }

    /// Who this is, as the cluster knows them.
    pub(super) fn user(&self) -> Result<String, BackendError> {
        if let Some(user) = &self.state().user {
            return Ok(user.clone());
        }
        let cluster = self.cluster()?;
        let api: Api<SelfSubjectReview> = Api::all(cluster.client.clone());
        let review = SelfSubjectReview::default();
        let params = PostParams::default();
        let answer = self
            .block_on(cluster.again(|| api.create(&params, &review)))
            .map_err(|error| cluster.target.explain(error))?;
        let user = answer.status.and_then(|status| status.user_info?.username);
        let user = user.unwrap_or_else(|| "unknown".into());
        self.state().user = Some(user.clone());
        Ok(user)
    }

    /// A run that this process has submitted will be followed.
    pub(super) fn submitted(&self, run: &str) -> Result<(), BackendError> {
        let cluster = self.cluster()?;
        let handle = self.handle();
        let mut state = self.state();
        state.submitted.insert(run.into());
        state.feed.get_or_insert_with(|| Feed::new(cluster, handle)).want(run);
        Ok(())
    }

    /// The objects of a run: by a list, or by the watch when the run is `followed`. `None` as long as
    /// the watch has not told everything.
    pub(super) fn facts(
        &self,
        run: &str,
        followed: bool,
    ) -> Result<Option<RunFacts>, BackendError> {
        let cluster = self.cluster()?;
        let handle = self.handle();
        let mut state = self.state();
        if followed || state.submitted.contains(run) {
            let listed = state.lists.remove(run);
            let feed = state.feed.get_or_insert_with(|| Feed::new(cluster, handle));
            feed.follow(run);
            if let Some(listed) = listed {
                feed.remember(run, &listed.facts);
            }
            return Ok(feed.facts(run)?);
        }
        if let Some(listed) = state.lists.get(run)
            && listed.at.elapsed() < listed.limit
        {
            return Ok(Some(listed.facts.clone()));
        }
        drop(state);
        let facts = self.block_on(list(&cluster, &selector(run)))?;
        let facts = facts.into_iter().find(|(id, _)| id == run).map(|(_, facts)| facts);
        let facts = facts.unwrap_or_default();
        let listed = Listed { at: Instant::now(), limit: FRESH, facts: facts.clone() };
        self.state().lists.insert(run.into(), listed);
        Ok(Some(facts))
    }

    /// Lists many runs at once.
    pub(super) fn glance(
        &self,
        runs: &[String],
    ) -> Result<HashMap<String, RunFacts>, BackendError> {
        let cluster = self.cluster()?;
        let mut all = HashMap::new();
        for some in runs.chunks(NAMED) {
            let selector = format!("{} in ({})", label::RUN, some.join(","));
            all.extend(self.block_on(list(&cluster, &selector))?);
        }
        Ok(all)
    }

    /// The same for runs that are looked at right after.
    fn list_all(&self, runs: &[String]) -> Result<(), BackendError> {
        let mut facts = self.glance(runs)?;
        let at = Instant::now();
        let lists = runs.iter().map(|run| {
            let mine = facts.remove(run).unwrap_or_default();
            (run.clone(), Listed { at, limit: PREPARED, facts: mine })
        });
        self.state().lists.extend(lists);
        Ok(())
    }

    /// What is remembered of a run, read from the cluster where this machine doesn't know it.
    pub(super) fn submission(&self, run: &RunPaths) -> Result<Option<Submission>, BackendError> {
        if let Some(known) = Submission::read(run) {
            return Ok(Some(known));
        }
        let cluster = self.cluster()?;
        let name = super::pod_config_name(&run.run);
        let map: Option<ConfigMap> = self.block_on(cluster.find(&name))?;
        let document = map.and_then(|map| map.data?.remove(DOCUMENT));
        let Some(document) =
            document.and_then(|text| serde_json::from_str::<PodDocument>(&text).ok())
        else {
            return Ok(None);
        };
        let submission = Submission::of(&document);
        submission.write(run)?;
        Ok(Some(submission))
    }

    /// What has been seen of a run, taken out while it is worked on.
    pub(super) fn take_observed(&self, run: &str) -> Observed {
        self.state().observed.remove(run).unwrap_or_default()
    }

    pub(super) fn keep_observed(&self, run: &str, observed: Observed) {
        self.state().observed.insert(run.into(), observed);
    }

    /// The run is over: its log is followed no more.
    pub(super) fn forget(&self, run: &str) {
        self.state().observed.remove(run);
    }

    /// Its objects come from the watch.
    pub(super) fn is_followed(&self, run: &str) -> bool {
        self.state().feed.as_ref().is_some_and(|feed| feed.has(run))
    }

    /// Nothing of it is left to be seen.
    pub(super) fn let_go(&self, run: &str) {
        let mut state = self.state();
        state.submitted.remove(run);
        state.lists.remove(run);
        if let Some(feed) = &state.feed {
            feed.forget(run);
        }
    }
}

async fn list(
    cluster: &Cluster,
    selector: &str,
) -> Result<HashMap<String, RunFacts>, super::ClusterError> {
    let (pods, jobs) =
        futures::try_join!(cluster.list::<Pod>(selector, ""), cluster.list::<Job>(selector, ""))?;
    let mut runs: HashMap<String, RunFacts> = HashMap::new();
    for pod in &pods {
        let pod = PodFacts::of(pod);
        runs.entry(pod.run.clone()).or_default().pod(pod);
    }
    for job in &jobs {
        let job = JobFacts::of(job);
        runs.entry(job.run.clone()).or_default().job(job);
    }
    Ok(runs)
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
        find::find(&self.inner, wanted)
    }

    fn observe(&self, run: &RunPaths, cursor: &mut Cursor) -> Result<Vec<Event>, BackendError> {
        observe::observe(&self.inner, run, cursor)
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
