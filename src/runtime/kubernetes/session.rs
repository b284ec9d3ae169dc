//! What the runtime of a cluster holds: the connection, the watch, and what has been seen.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use tokio::runtime::Handle;

use super::config::KubernetesConfig;
use super::notes::Known;
use crate::agent::pod::{DOCUMENT, DOCUMENT_VERSION, PodDocument};
use crate::gang::RunId;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::client::{Endpoint, ServerClock, client, endpoint, user};
use crate::runtime::kubernetes::follow::Observed;
use crate::runtime::kubernetes::follow::{Feed, RunFacts, Spools, list, selector};
use crate::runtime::kubernetes::objects::{label, user_label};
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::{ClusterError, RuntimeError};
use crate::store::RunPaths;
use crate::text::{FormatError, read_document};

/// How long a list of one run's objects is used instead of asking again.
const LIST_LIFETIME: Duration = Duration::from_millis(500);
/// How long such a list is used while it stands in for a watch.
const POLL_PACE: Duration = Duration::from_secs(1);
/// How long a list that was made for many runs is used: the caller looks at one run after the
/// other.
const PREPARED_LIST_LIFETIME: Duration = Duration::from_secs(10);
/// How many runs one list asks for. Their names are in the URL, which must not become too long.
const RUNS_PER_LIST: usize = 100;

/// The connection to one namespace and what has been seen over it. It is shared with readers of
/// logs, which live in other threads.
pub(crate) struct Session {
    pub(crate) config: KubernetesConfig,
    pub(crate) endpoint: Endpoint,
    clock: ServerClock,
    /// What this process has read of the logs of runs that it follows.
    pub(crate) spools: Spools,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    cluster: Option<Cluster>,
    user: Option<String>,
    feed: Option<Feed>,
    /// The runs that this process submits, which are watched from the first request on.
    submitted: HashSet<RunId>,
    /// This user may not watch, so that what is followed is listed again and again.
    polls: bool,
    lists: HashMap<RunId, Listed>,
    observed: HashMap<RunId, Observed>,
    notes: HashMap<RunId, Known>,
}

/// What a list has shown of one run.
struct Listed {
    at: Instant,
    /// How long it is used, from `at` on.
    lifetime: Duration,
    facts: RunFacts,
}

impl Session {
    /// Reads the kubeconfig. Nothing is sent before something is asked for.
    pub(crate) fn new(config: KubernetesConfig) -> Result<Self, RuntimeError> {
        let endpoint = config.handle.block_on(endpoint(&config.connect))?;
        Ok(Self {
            config,
            endpoint,
            clock: ServerClock::default(),
            spools: Spools::default(),
            state: Mutex::default(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The threads on which watches and logs are followed.
    pub(crate) fn handle(&self) -> Handle {
        self.config.handle.clone()
    }

    /// Waits for a future. It must not be called from within one.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.config.handle.block_on(future)
    }

    /// The connection, which is made on the first call. That may run the exec plugin of the
    /// kubeconfig.
    pub(crate) fn cluster(&self) -> Result<Cluster, RuntimeError> {
        if let Some(cluster) = &self.state().cluster {
            return Ok(cluster.clone());
        }
        let target = self.endpoint.target();
        let clock = self.clock.clone();
        let client = self.block_on(async { client(&self.endpoint, &target, clock) })?;
        let location = self.endpoint.location.clone();
        let cluster = Cluster { client, location, target };
        self.state().cluster = Some(cluster.clone());
        Ok(cluster)
    }

    /// The time in the cluster; `None` before its API server has answered.
    pub(crate) fn server_time(&self) -> Option<Timestamp> {
        self.clock.now()
    }

    /// The time of an event that mlctl itself tells of, in order with those that the cluster's objects
    /// tell of.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now().unwrap_or_else(Timestamp::now)
    }

    /// The name by which the cluster knows this user; asked for once.
    pub(crate) fn user(&self) -> Result<String, RuntimeError> {
        if let Some(user) = &self.state().user {
            return Ok(user.clone());
        }
        let cluster = self.cluster()?;
        let user = self.block_on(user(&cluster))?;
        self.state().user = Some(user.clone());
        Ok(user)
    }

    /// The labels of what is this user's: submitted under the name that the cluster knows, or rendered
    /// on this machine without asking for it.
    pub(crate) fn own_labels(&self) -> Result<Vec<String>, RuntimeError> {
        Ok(vec![user_label(&self.user()?), user_label(&self.config.rendered_by)])
    }

    /// Says that this process is about to make the objects of a run, so that they are kept from the
    /// first one on.
    pub(crate) fn submitted(&self, run: &RunId) -> Result<(), RuntimeError> {
        let cluster = self.cluster()?;
        let handle = self.handle();
        let mut state = self.state();
        state.submitted.insert(run.into());
        state.feed.get_or_insert_with(|| Feed::new(cluster, handle)).want(run);
        Ok(())
    }

    /// The run's own objects, by a list or, when the run is `followed`, by the watch. `None` as long
    /// as the watch has not read its first lists.
    pub(crate) fn facts(
        &self,
        run: &RunPaths,
        followed: bool,
    ) -> Result<Option<RunFacts>, RuntimeError> {
        let facts = self.labelled(&run.run, followed)?;
        let Some(submission) = Submission::read(run) else { return Ok(facts) };
        Ok(facts.map(|facts| facts.genuine(&submission.layout, &submission.jobs)))
    }

    /// The run's own objects as the server has them at this moment. A watch may not have shown yet what
    /// has just been made, so whoever acts because something is missing asks here.
    pub(crate) fn current(&self, run: &RunPaths) -> Result<RunFacts, RuntimeError> {
        let facts = self.listed(&run.run)?;
        Ok(match Submission::read(run) {
            Some(submission) => facts.genuine(&submission.layout, &submission.jobs),
            None => facts,
        })
    }

    fn listed(&self, run: &RunId) -> Result<RunFacts, RuntimeError> {
        let cluster = self.cluster()?;
        let facts = self.block_on(list(&cluster, &selector(run)))?;
        let facts = facts.into_iter().find(|(id, _)| id == run).map(|(_, facts)| facts);
        Ok(facts.unwrap_or_default())
    }

    /// Everything that carries the run's label, whoever has made it.
    fn labelled(&self, run: &RunId, followed: bool) -> Result<Option<RunFacts>, RuntimeError> {
        let cluster = self.cluster()?;
        let handle = self.handle();
        let mut state = self.state();
        if !state.polls && (followed || state.submitted.contains(run)) {
            let listed = state.lists.remove(run);
            let feed = state.feed.get_or_insert_with(|| Feed::new(cluster, handle));
            feed.follow(run);
            if let Some(listed) = listed {
                feed.remember(run, &listed.facts);
            }
            match feed.facts(run) {
                // Who may not watch may list, and asks again and again.
                Err(ClusterError::Forbidden { .. }) => state.polls = true,
                known => return Ok(known?),
            }
        }
        if let Some(listed) = state.lists.get(run)
            && listed.at.elapsed() < listed.lifetime
        {
            return Ok(Some(listed.facts.clone()));
        }
        drop(state);
        let facts = self.listed(run)?;
        let mut state = self.state();
        let lifetime = if state.polls { POLL_PACE } else { LIST_LIFETIME };
        let listed = Listed { at: Instant::now(), lifetime, facts: facts.clone() };
        state.lists.insert(run.into(), listed);
        Ok(Some(facts))
    }

    /// The objects of many runs, by as few lists as possible. Runs without objects are not in it.
    pub(crate) fn list_many(
        &self,
        runs: &[RunId],
    ) -> Result<HashMap<RunId, RunFacts>, RuntimeError> {
        let cluster = self.cluster()?;
        let mut all = HashMap::new();
        for chunk in runs.chunks(RUNS_PER_LIST) {
            let selector = format!("{} in ({})", label::RUN, chunk.join(","));
            all.extend(self.block_on(list(&cluster, &selector))?);
        }
        Ok(all)
    }

    /// Keeps the objects of many runs, for calls of [`Self::facts`] that follow right after.
    pub(crate) fn list_all(&self, runs: &[RunId]) -> Result<(), RuntimeError> {
        let mut facts = self.list_many(runs)?;
        let at = Instant::now();
        let lists = runs.iter().map(|run| {
            let of_run = facts.remove(run).unwrap_or_default();
            (run.clone(), Listed { at, lifetime: PREPARED_LIST_LIFETIME, facts: of_run })
        });
        self.state().lists.extend(lists);
        Ok(())
    }

    /// What is remembered of a run's submission, read from the cluster where this machine doesn't
    /// know it. `None` when the cluster has no document of it that can be understood.
    pub(crate) fn submission(&self, run: &RunPaths) -> Result<Option<Submission>, RuntimeError> {
        if let Some(known) = Submission::read(run) {
            return Ok(Some(known));
        }
        let cluster = self.cluster()?;
        let name = crate::runtime::kubernetes::objects::pod_config_name(&run.run);
        let map: Option<ConfigMap> = self.block_on(cluster.find(&name))?;
        let document = map.and_then(|map| map.data?.remove(DOCUMENT));
        let document = document.map(|text| read_document(text.as_bytes(), DOCUMENT_VERSION));
        let document: PodDocument = match document {
            Some(Ok(document)) => document,
            Some(Err(error @ FormatError::Newer { .. })) => {
                let text = format!("the document {name} of {}: {error}", run.run);
                return Err(RuntimeError::Unsupported(text));
            }
            // Of a run that this machine has not submitted nothing else would tell what is wrong.
            Some(Err(FormatError::Damaged(why))) if run.is_adopted() => {
                let text = format!("the document {name} in the cluster is damaged: {why}");
                return Err(RuntimeError::Unsupported(text));
            }
            Some(Err(FormatError::Damaged(_))) | None => return Ok(None),
        };
        let mut submission = match Submission::of(&run.run, &document) {
            Ok(submission) => submission,
            Err(why) => {
                let text = format!("the document {name} in the cluster is damaged: {why}");
                return Err(RuntimeError::Unsupported(text));
            }
        };
        // Whatever has these names now are its Jobs from here on; a later one of the same name isn't.
        let facts = self.labelled(&run.run, false)?.unwrap_or_default();
        let facts = facts.genuine(&submission.layout, &submission.jobs);
        submission.jobs.extend(facts.jobs.into_values().map(|job| (job.name, job.uid)));
        submission.write(run)?;
        Ok(Some(submission))
    }

    /// Takes out what has been seen of a run, while it is worked on.
    pub(crate) fn take_observed(&self, run: &RunId) -> Observed {
        self.state().observed.remove(run).unwrap_or_default()
    }

    /// Puts back what has been seen of a run.
    pub(crate) fn keep_observed(&self, run: &RunId, observed: Observed) {
        self.state().observed.insert(run.into(), observed);
    }

    /// Says that the run is over, so that its log is followed no more.
    pub(crate) fn forget(&self, run: &RunId) {
        self.state().observed.remove(run);
    }

    /// What is known of a study's notes.
    pub(crate) fn notes(&self, study: &RunId) -> Known {
        self.state().notes.get(study).cloned().unwrap_or_default()
    }

    /// Remembers what is known of a study's notes.
    pub(crate) fn keep_notes(&self, study: &RunId, known: Known) {
        self.state().notes.insert(study.clone(), known);
    }

    /// The objects of this run come from the watch.
    pub(crate) fn is_followed(&self, run: &RunId) -> bool {
        self.state().feed.as_ref().is_some_and(|feed| feed.has(run))
    }

    /// Says that nothing of the run is left, so that its objects are not kept any more.
    pub(crate) fn unfollow(&self, run: &RunId) {
        let mut state = self.state();
        state.submitted.remove(run);
        state.lists.remove(run);
        if let Some(feed) = &state.feed {
            feed.forget(run);
        }
    }
}
