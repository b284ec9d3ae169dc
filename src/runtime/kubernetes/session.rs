//! What the runtime of a cluster holds: the connection, the watch, and what has been seen.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use tokio::runtime::{Builder, Handle, Runtime};

use super::config::KubernetesConfig;
use crate::agent::pod::{DOCUMENT, PodDocument};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::client::access;
use crate::runtime::kubernetes::client::{Endpoint, client, endpoint};
use crate::runtime::kubernetes::follow::Observed;
use crate::runtime::kubernetes::follow::{Feed, JobFacts, PodFacts, RunFacts, selector};
use crate::runtime::kubernetes::objects::label;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::RunPaths;

/// A list younger than this is not asked for again.
const FRESH: Duration = Duration::from_millis(500);
/// A list that was made for many runs is good for so long.
const PREPARED: Duration = Duration::from_secs(10);
/// Runs that one list asks for: their names must fit a URL.
const NAMED: usize = 100;

/// What is shared with the readers of logs.
pub(crate) struct Session {
    pub(crate) config: KubernetesConfig,
    pub(crate) endpoint: Endpoint,
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

impl Drop for Session {
    fn drop(&mut self) {
        // A name that is being looked up, or a cut connection, must not hold the command up.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Session {
    /// Reads the kubeconfig. Nothing is sent before something is asked for.
    pub(crate) fn new(config: KubernetesConfig) -> Result<Self, RuntimeError> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let endpoint = runtime.block_on(endpoint(&config.connect))?;
        Ok(Self { config, endpoint, runtime: Some(runtime), state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn handle(&self) -> Handle {
        // Taken only when `self` is dropped.
        self.runtime.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.handle().block_on(future)
    }

    /// The connection; made once.
    pub(crate) fn cluster(&self) -> Result<Cluster, RuntimeError> {
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
    pub(crate) fn user(&self) -> Result<String, RuntimeError> {
        if let Some(user) = &self.state().user {
            return Ok(user.clone());
        }
        let cluster = self.cluster()?;
        let user = self.block_on(access::user(&cluster))?;
        self.state().user = Some(user.clone());
        Ok(user)
    }

    /// A run that this process has submitted will be followed.
    pub(crate) fn submitted(&self, run: &str) -> Result<(), RuntimeError> {
        let cluster = self.cluster()?;
        let handle = self.handle();
        let mut state = self.state();
        state.submitted.insert(run.into());
        state.feed.get_or_insert_with(|| Feed::new(cluster, handle)).want(run);
        Ok(())
    }

    /// The objects of a run: by a list, or by the watch when the run is `followed`. `None` as long as
    /// the watch has not told everything.
    pub(crate) fn facts(
        &self,
        run: &str,
        followed: bool,
    ) -> Result<Option<RunFacts>, RuntimeError> {
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
    pub(crate) fn list_many(
        &self,
        runs: &[String],
    ) -> Result<HashMap<String, RunFacts>, RuntimeError> {
        let cluster = self.cluster()?;
        let mut all = HashMap::new();
        for some in runs.chunks(NAMED) {
            let selector = format!("{} in ({})", label::RUN, some.join(","));
            all.extend(self.block_on(list(&cluster, &selector))?);
        }
        Ok(all)
    }

    /// The same for runs that are looked at right after.
    pub(crate) fn list_all(&self, runs: &[String]) -> Result<(), RuntimeError> {
        let mut facts = self.list_many(runs)?;
        let at = Instant::now();
        let lists = runs.iter().map(|run| {
            let mine = facts.remove(run).unwrap_or_default();
            (run.clone(), Listed { at, limit: PREPARED, facts: mine })
        });
        self.state().lists.extend(lists);
        Ok(())
    }

    /// What is remembered of a run, read from the cluster where this machine doesn't know it.
    pub(crate) fn submission(&self, run: &RunPaths) -> Result<Option<Submission>, RuntimeError> {
        if let Some(known) = Submission::read(run) {
            return Ok(Some(known));
        }
        let cluster = self.cluster()?;
        let name = crate::runtime::kubernetes::objects::pod_config_name(&run.run);
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
    pub(crate) fn take_observed(&self, run: &str) -> Observed {
        self.state().observed.remove(run).unwrap_or_default()
    }

    pub(crate) fn keep_observed(&self, run: &str, observed: Observed) {
        self.state().observed.insert(run.into(), observed);
    }

    /// The run is over: its log is followed no more.
    pub(crate) fn forget(&self, run: &str) {
        self.state().observed.remove(run);
    }

    /// Its objects come from the watch.
    pub(crate) fn is_followed(&self, run: &str) -> bool {
        self.state().feed.as_ref().is_some_and(|feed| feed.has(run))
    }

    /// Nothing of it is left to be seen.
    pub(crate) fn unfollow(&self, run: &str) {
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
) -> Result<HashMap<String, RunFacts>, crate::runtime::ClusterError> {
    let (pods, jobs) =
        futures::try_join!(cluster.list::<Pod>(selector, ""), cluster.list::<Job>(selector, ""))?;
    let mut runs: HashMap<String, RunFacts> = HashMap::new();
    for pod in &pods {
        let pod = PodFacts::of(pod);
        runs.entry(pod.run.clone()).or_default().update_pod(pod);
    }
    for job in &jobs {
        let job = JobFacts::of(job);
        runs.entry(job.run.clone()).or_default().update_job(job);
    }
    Ok(runs)
}
