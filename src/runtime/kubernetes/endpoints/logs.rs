//! What the pods of an endpoint print: routers and replicas alike, each pod an index of what it is for.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{ConfigMap, Pod};

use super::there::{self, name, part};
use crate::agent::pod::{DOCUMENT, DOCUMENT_VERSION, PodDocument};
use crate::gang::{ReplicaId, RoleName};
use crate::runtime::kubernetes::follow::{PodFacts, Source, Tail, fetch_of};
use crate::runtime::kubernetes::objects::endpoint::{DEPLOYMENT, ROUTER};
use crate::runtime::kubernetes::objects::{MAIN, label, pod_config_name};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{ClusterError, LogLine, LogQuery, LogReader, RuntimeError};
use crate::store::RunPaths;
use crate::text::read_document;

/// How often it is looked whether there are other pods.
const LOOK_PACE: Duration = Duration::from_secs(2);

/// Reads the logs of an endpoint's pods: at first what is there, one log after the other, and later what
/// has come since, of pods that have come since too.
pub(crate) struct EndpointLogs {
    session: Arc<Session>,
    run: RunPaths,
    query: LogQuery,
    pods: Vec<PodLog>,
    /// How many pods there have been of each role.
    counts: BTreeMap<RoleName, u32>,
    /// The words that mark the agents' own lines, by the Deployment.
    nonces: HashMap<String, String>,
    looked: Option<Instant>,
    /// What could not be read, and why.
    failed: Vec<String>,
}

struct PodLog {
    uid: String,
    container: &'static str,
    source: Source,
    /// It is not there any more.
    gone: bool,
}

impl EndpointLogs {
    pub(crate) fn open(session: Arc<Session>, run: RunPaths, query: &LogQuery) -> Self {
        Self {
            session,
            run,
            query: query.clone(),
            pods: Vec::new(),
            counts: BTreeMap::new(),
            nonces: HashMap::new(),
            looked: None,
            failed: Vec::new(),
        }
    }

    /// Takes in pods that were not known.
    fn look(&mut self) -> Result<(), RuntimeError> {
        let session = Arc::clone(&self.session);
        let cluster = session.cluster()?;
        let mut found = session.block_on(there::pods(&cluster, &self.run.run))?;
        found.sort_by_key(|pod| {
            let created = pod.metadata.creation_timestamp.as_ref().map(|time| time.0);
            (created, name(&pod.metadata).to_owned())
        });
        let is_there = |uid: &str| found.iter().any(|pod| pod.metadata.uid.as_deref() == Some(uid));
        for known in &mut self.pods {
            known.gone = !is_there(&known.uid);
        }
        for pod in &found {
            let facts = PodFacts::of(pod);
            let is_known = self.pods.iter().any(|known| known.uid == facts.uid);
            let Some(role) = role(pod).filter(|_| !is_known && facts.has_log()) else { continue };
            let count = self.counts.entry(role.clone()).or_default();
            let replica = ReplicaId::new(role, *count);
            *count += 1;
            let of_query = self.query.role.as_ref().is_none_or(|role| *role == replica.role)
                && self.query.index.is_none_or(|index| index == replica.index);
            if !of_query {
                continue;
            }
            let is_router = part(&pod.metadata) == Some(ROUTER);
            let nonce = if is_router { String::new() } else { self.nonce(pod)? };
            self.pods.push(PodLog {
                uid: facts.uid.clone(),
                container: if is_router { ROUTER } else { MAIN },
                source: Source::new(&replica, &facts, &nonce),
                gone: false,
            });
        }
        self.looked = Some(Instant::now());
        Ok(())
    }

    /// The word that marks the own lines of the agents of a revision. Of one whose document is gone all
    /// lines are shown.
    fn nonce(&mut self, pod: &Pod) -> Result<String, RuntimeError> {
        let labels = pod.metadata.labels.as_ref();
        let deployment = labels.and_then(|labels| labels.get(DEPLOYMENT)).cloned();
        let Some(deployment) = deployment else { return Ok(String::new()) };
        if let Some(nonce) = self.nonces.get(&deployment) {
            return Ok(nonce.clone());
        }
        let Ok(of) = deployment.parse() else { return Ok(String::new()) };
        let cluster = self.session.cluster()?;
        let map: Option<ConfigMap> = self.session.block_on(cluster.find(&pod_config_name(&of)))?;
        let text = map.and_then(|map| map.data?.remove(DOCUMENT)).unwrap_or_default();
        let document = read_document::<PodDocument>(text.as_bytes(), DOCUMENT_VERSION);
        let nonce = document.map(|document| document.nonce).unwrap_or_default();
        self.nonces.insert(deployment, nonce.clone());
        Ok(nonce)
    }

    /// What is there of all logs, of each only so much as the query asks for.
    fn first(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        let cluster = self.session.cluster()?;
        let mut all = Vec::new();
        for pod in &mut self.pods {
            let mut kept: VecDeque<LogLine> = VecDeque::new();
            let mut lines = Vec::new();
            let at = (pod.source.pod.clone(), pod.container);
            let from = pod.source.position;
            let fetched = fetch_of(&cluster, (&at.0, at.1), from, false, |line| lines.push(line));
            match self.session.block_on(fetched) {
                Ok(()) => {}
                Err(error @ ClusterError::Node(_)) => {
                    let who = &pod.source.replica;
                    self.failed.push(format!("the log of {who} is not shown: {error}"));
                }
                Err(error) => return Err(error.into()),
            }
            kept.extend(pod.source.take(lines, &self.query));
            if !self.query.follows {
                kept.extend(pod.source.settle(&self.query));
            }
            if let Some(tail) = self.query.tail {
                kept.drain(..kept.len().saturating_sub(tail));
            }
            all.extend(kept);
        }
        Ok(all)
    }

    /// What has come since.
    fn next(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        let cluster = self.session.cluster()?;
        let handle = self.session.handle();
        let mut all = Vec::new();
        for pod in self.pods.iter_mut().filter(|pod| !pod.source.done) {
            let source = &mut pod.source;
            let tail = source.tail.get_or_insert_with(|| {
                let at = (source.pod.clone(), pod.container);
                Tail::start_of(&handle, cluster.clone(), at, source.position)
            });
            if pod.gone {
                tail.end();
            }
            let lines = tail.take();
            let done = tail.is_done();
            all.extend(source.take(lines, &self.query));
            all.extend(source.settle(&self.query));
            if done {
                source.done = true;
                source.tail = None;
            }
        }
        Ok(all)
    }
}

/// What a pod is for, as the role of a line: `router`, or the name of the revision.
fn role(pod: &Pod) -> Option<RoleName> {
    if part(&pod.metadata)? == ROUTER {
        return ROUTER.parse().ok();
    }
    pod.metadata.labels.as_ref()?.get(label::ROLE)?.parse().ok()
}

impl LogReader for EndpointLogs {
    fn read(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        let is_first = self.looked.is_none();
        if self.looked.is_none_or(|looked| looked.elapsed() > LOOK_PACE) {
            self.look()?;
        }
        if is_first { self.first() } else { self.next() }
    }

    fn is_caught_up(&self) -> bool {
        self.looked.is_some()
    }

    fn unread(&self) -> Vec<String> {
        self.failed.clone()
    }

    fn finish(&mut self, of: Option<&ReplicaId>) -> Vec<LogLine> {
        let is_meant = |pod: &&mut PodLog| of.is_none_or(|of| *of == pod.source.replica);
        let pods = self.pods.iter_mut().filter(is_meant);
        pods.flat_map(|pod| pod.source.settle(&self.query)).collect()
    }
}
