//! What is watched of an endpoint: its pods, its Deployments, and the two ConfigMaps that people change.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{Config, Event, watcher};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::pods;
use crate::gang::RunId;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::follow::selector;
use crate::runtime::kubernetes::objects::endpoint::{documents_name, journal_name};
use crate::runtime::{ClusterError, EndpointPod};

/// What the watches have seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Counts changes of the documents and of the journal.
    pub(super) changes: u64,
    /// The pods by their names; `None` before the first list is whole.
    pub(super) pods: Option<BTreeMap<String, EndpointPod>>,
    /// Why nothing comes at the moment.
    pub(super) trouble: Option<ClusterError>,
}

/// Watches that go on until this is dropped.
pub(super) struct Watches {
    seen: Arc<Mutex<Seen>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Watches {
    pub(super) fn new(cluster: &Cluster, endpoint: &RunId, handle: &Handle) -> Self {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let mut tasks = Vec::new();
        for name in [documents_name(endpoint), journal_name(endpoint)] {
            let config = Config::default().fields(&format!("metadata.name={name}"));
            let seen = Arc::clone(&seen);
            let changed = move |_: Event<ConfigMap>| lock(&seen).changes += 1;
            tasks.push(handle.spawn(watch(cluster.clone(), config, changed)));
        }
        let config = Config::default().labels(&selector(endpoint));
        let of_pods = Arc::clone(&seen);
        let mut listing = BTreeMap::new();
        let cluster_of_pods = cluster.clone();
        tasks.push(handle.spawn(watch_or(
            cluster_of_pods,
            config,
            move |event: Event<Pod>| take(&of_pods, event, &mut listing),
            {
                let seen = Arc::clone(&seen);
                move |error| lock(&seen).trouble = Some(error)
            },
        )));
        Self { seen, tasks }
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        lock(&self.seen)
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes in what has happened to pods.
fn take(seen: &Mutex<Seen>, event: Event<Pod>, listing: &mut BTreeMap<String, EndpointPod>) {
    let mut seen = lock(seen);
    seen.trouble = None;
    let known = |pod: &Pod| Some((pod.name_any(), pods::of(pod)?));
    match event {
        Event::Init => listing.clear(),
        Event::InitApply(pod) => listing.extend(known(&pod)),
        Event::InitDone => seen.pods = Some(std::mem::take(listing)),
        Event::Apply(pod) => {
            let all = seen.pods.get_or_insert_default();
            match known(&pod) {
                Some((name, pod)) => _ = all.insert(name, pod),
                None => _ = all.remove(&pod.name_any()),
            }
        }
        Event::Delete(pod) => _ = seen.pods.get_or_insert_default().remove(&pod.name_any()),
    }
}

async fn watch<K>(cluster: Cluster, config: Config, told: impl FnMut(Event<K>))
where
    K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug + Send + 'static,
    K::DynamicType: Default,
{
    watch_or(cluster, config, told, |_| {}).await;
}

/// Watches for ever, with growing pauses while the server gives no answer.
async fn watch_or<K>(
    cluster: Cluster,
    config: Config,
    mut told: impl FnMut(Event<K>),
    mut failed: impl FnMut(ClusterError),
) where
    K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug + Send + 'static,
    K::DynamicType: Default,
{
    let mut stream = pin!(watcher(cluster.api::<K>(), config).default_backoff());
    while let Some(event) = stream.next().await {
        match event {
            Ok(event) => told(event),
            Err(error) => failed(ClusterError::Api(error.to_string())),
        }
    }
}
