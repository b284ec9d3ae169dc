//! One watch of pods and one of Jobs, however many runs are followed.

use std::collections::{HashMap, HashSet};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::facts::RunFacts;
use super::job::JobFacts;
use super::pod::PodFacts;
use super::pulse::{PULSE_LIMIT, PULSE_PACE, pulse};
use crate::gang::RunId;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::objects::label;

/// A watch that is cut, and the next one, come within this time: whoever follows is told of what takes
/// longer.
const TROUBLE_LIMIT: Duration = Duration::from_secs(3);

/// Which objects are watched.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Scope {
    /// One run's: nobody else's objects are sent.
    Run(RunId),
    /// Those of all runs of the namespace; only what is wanted is kept.
    All,
}

impl Scope {
    fn selector(&self) -> String {
        match self {
            Self::Run(run) => selector(run),
            Self::All => format!("{}={},{}", label::MANAGED_BY, label::MLCTL, label::RUN),
        }
    }
}

/// The label selector of one run's objects.
pub(crate) fn selector(run: &RunId) -> String {
    format!("{}={run}", label::RUN)
}

/// What the watching tasks and whoever asks them share.
#[derive(Default)]
struct Shared {
    /// The runs whose objects are kept.
    wanted: HashSet<RunId>,
    runs: HashMap<RunId, RunFacts>,
    /// Whether the first list of pods, and that of Jobs, has been read to its end.
    synced: (bool, bool),
    /// The API server's refusal, when trying again won't help. Whoever asks next is told.
    refused: Option<ClusterError>,
    /// Since when the server gives no answer, and why.
    trouble: Option<(Instant, ClusterError)>,
    /// Why it did not answer when it was asked whether it is there.
    silent: Option<ClusterError>,
    /// It was silent and answers again, so that the watches are opened anew: nobody may hold the other ends
    /// of theirs.
    stale: bool,
}

/// The watch of one namespace. Nothing is asked of the server before a run is followed.
pub(crate) struct Feed {
    cluster: Cluster,
    runtime: Handle,
    shared: Arc<Mutex<Shared>>,
    scope: Option<Scope>,
    tasks: Vec<JoinHandle<()>>,
}

impl Feed {
    pub(crate) fn new(cluster: Cluster, runtime: Handle) -> Self {
        Self { cluster, runtime, shared: Arc::default(), scope: None, tasks: Vec::new() }
    }

    /// Says that this run will be followed. Its objects are kept from now on, if there is a watch.
    pub(crate) fn want(&self, run: &RunId) {
        lock(&self.shared).wanted.insert(run.into());
    }

    /// There is a watch, and it keeps the objects of this run.
    pub(crate) fn has(&self, run: &RunId) -> bool {
        self.scope.is_some() && lock(&self.shared).wanted.contains(run)
    }

    /// Says that the run is over. Nothing of it is kept any more; the watch goes on for the others.
    pub(crate) fn forget(&self, run: &RunId) {
        let mut shared = lock(&self.shared);
        shared.wanted.remove(run);
        shared.runs.remove(run);
    }

    /// Starts the watch if it doesn't cover this run yet. A watch for one run is replaced by one
    /// for all runs of the namespace when a second run is followed, and that one is opened anew for a run
    /// that nobody wanted while it showed the run's objects.
    pub(crate) fn follow(&mut self, run: &RunId) {
        let (is_new, wanted, is_stale) = {
            let mut shared = lock(&self.shared);
            let is_new = shared.wanted.insert(run.into());
            (is_new, shared.wanted.len(), std::mem::take(&mut shared.stale))
        };
        let scope = match (&self.scope, wanted) {
            (Some(scope), _) if is_stale => scope.clone(),
            (Some(Scope::All), _) if !is_new => return,
            (Some(Scope::Run(other)), _) if other == run => return,
            (None, 1) => Scope::Run(run.into()),
            _ => Scope::All,
        };
        self.stop();
        lock(&self.shared).synced = (false, false);
        let config = watcher::Config::default().labels(&scope.selector());
        let pods = watcher(self.cluster.api::<Pod>(), config.clone());
        let jobs = watcher(self.cluster.api::<Job>(), config);
        let target = self.cluster.target.clone();
        let shared = Arc::clone(&self.shared);
        self.tasks.push(self.runtime.spawn(async move {
            let mut stream = pin!(pods.default_backoff());
            let mut listing = HashSet::new();
            while let Some(event) = stream.next().await {
                match event {
                    Ok(event) => lock(&shared).answered().take_pod(event, &mut listing),
                    Err(error) => lock(&shared).take_error(error, &target),
                }
            }
        }));
        let target = self.cluster.target.clone();
        let shared = Arc::clone(&self.shared);
        self.tasks.push(self.runtime.spawn(async move {
            let mut stream = pin!(jobs.default_backoff());
            let mut listing = HashSet::new();
            while let Some(event) = stream.next().await {
                match event {
                    Ok(event) => lock(&shared).answered().take_job(event, &mut listing),
                    Err(error) => lock(&shared).take_error(error, &target),
                }
            }
        }));
        let heard = Arc::clone(&self.shared);
        let hear = move |silent| lock(&heard).hear(silent);
        let pulse = pulse(self.cluster.clone(), hear, PULSE_PACE, PULSE_LIMIT);
        self.tasks.push(self.runtime.spawn(pulse));
        self.scope = Some(scope);
    }

    /// What is known of a run; `None` until the first lists have been read to their ends. An error while
    /// the server gives no answer for longer than a restart of it takes, or once it refuses.
    pub(crate) fn facts(&self, run: &RunId) -> Result<Option<RunFacts>, ClusterError> {
        let mut shared = lock(&self.shared);
        if let Some(error) = shared.refused.take() {
            return Err(error);
        }
        if let Some((since, error)) = &shared.trouble
            && since.elapsed() > TROUBLE_LIMIT
        {
            return Err(error.clone());
        }
        if let Some(error) = &shared.silent {
            return Err(error.clone());
        }
        let synced = shared.synced == (true, true);
        Ok(synced.then(|| shared.runs.get(run).cloned().unwrap_or_default()))
    }

    /// Takes in the pods of a run that a list has shown. The watch never shows those that have been
    /// deleted in between.
    pub(crate) fn remember(&self, run: &RunId, facts: &RunFacts) {
        let mut shared = lock(&self.shared);
        let known = shared.runs.entry(run.into()).or_default();
        for pod in facts.pods.values() {
            known.pods.entry(pod.uid.clone()).or_insert_with(|| pod.clone());
        }
    }

    fn stop(&mut self) {
        self.tasks.drain(..).for_each(|task| task.abort());
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn answered(&mut self) -> &mut Self {
        self.trouble = None;
        self.silent = None;
        self
    }

    /// Takes in why the server doesn't say that it is there; `None` where it does.
    fn hear(&mut self, silent: Option<ClusterError>) {
        self.stale |= self.silent.is_some() && silent.is_none();
        self.silent = silent;
    }

    fn take_pod(&mut self, event: Event<Pod>, listing: &mut HashSet<String>) {
        match event {
            Event::Init => listing.clear(),
            Event::InitApply(pod) => {
                listing.extend(pod.metadata.uid.clone());
                self.keep_pod(PodFacts::of(&pod));
            }
            Event::Apply(pod) => self.keep_pod(PodFacts::of(&pod)),
            Event::Delete(pod) => self.keep_pod(PodFacts { gone: true, ..PodFacts::of(&pod) }),
            Event::InitDone => {
                let pods = self.runs.values_mut().flat_map(|run| run.pods.values_mut());
                pods.filter(|pod| !listing.contains(&pod.uid)).for_each(|pod| pod.gone = true);
                listing.clear();
                self.synced.0 = true;
            }
        }
    }

    fn keep_pod(&mut self, pod: PodFacts) {
        let run = pod.run.as_ref().and_then(|run| self.wanted.get(run));
        if let Some(run) = run.cloned() {
            self.runs.entry(run).or_default().update_pod(pod);
        }
    }

    fn take_job(&mut self, event: Event<Job>, listing: &mut HashSet<String>) {
        match event {
            Event::Init => listing.clear(),
            Event::InitApply(job) => {
                listing.extend(job.metadata.name.clone());
                self.keep_job(JobFacts::of(&job));
            }
            Event::Apply(job) => self.keep_job(JobFacts::of(&job)),
            Event::Delete(job) => self.keep_job(JobFacts { gone: true, ..JobFacts::of(&job) }),
            Event::InitDone => {
                let jobs = self.runs.values_mut().flat_map(|run| run.jobs.values_mut());
                jobs.filter(|job| !listing.contains(&job.name)).for_each(|job| job.gone = true);
                listing.clear();
                self.synced.1 = true;
            }
        }
    }

    fn keep_job(&mut self, job: JobFacts) {
        let run = job.run.as_ref().and_then(|run| self.wanted.get(run));
        if let Some(run) = run.cloned() {
            self.runs.entry(run).or_default().update_job(job);
        }
    }

    /// A server that is away comes back, and the watch with it; one that refuses doesn't change its
    /// mind.
    fn take_error(
        &mut self,
        error: watcher::Error,
        target: &crate::runtime::kubernetes::client::Target,
    ) {
        let error = match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => error,
            // 410: the list is read anew.
            watcher::Error::WatchError(_) | watcher::Error::NoResourceVersion => return,
        };
        let lasting = match &error {
            kube::Error::Api(status) => matches!(status.code, 401 | 403),
            kube::Error::Auth(_) => true,
            _ => false,
        };
        let error = target.explain(error);
        if lasting {
            self.refused = Some(error);
        } else {
            self.trouble.get_or_insert_with(|| (Instant::now(), error));
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
