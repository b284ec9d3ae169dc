//! The endpoint that a router belongs to.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::lease;
use super::watches::Watches;
use crate::gang::RunId;
use crate::runtime::kubernetes::Kubernetes;
use crate::runtime::kubernetes::client::{Cluster, is_not_found};
use crate::runtime::kubernetes::objects::endpoint::{LIVE_KEY, documents_name, live_name};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{ClusterError, Deployed, EndpointPod, RuntimeError};

/// A router waits so long for one answer. It routes meanwhile, and asks again.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// An endpoint seen from one of its pods.
pub struct DeployedEndpoint {
    session: Arc<Session>,
    cluster: Cluster,
    endpoint: RunId,
    watches: Watches,
    lease: Mutex<lease::Seen>,
}

impl Kubernetes {
    /// Begins to watch an endpoint of this namespace.
    pub fn deployed(&self, endpoint: &RunId) -> Result<DeployedEndpoint, RuntimeError> {
        let cluster = self.session.cluster()?;
        Ok(DeployedEndpoint {
            session: Arc::clone(&self.session),
            watches: Watches::new(&cluster, endpoint, &self.session.handle()),
            cluster,
            endpoint: endpoint.clone(),
            lease: Mutex::default(),
        })
    }
}

impl DeployedEndpoint {
    fn ask<T>(
        &self,
        asked: impl Future<Output = Result<T, ClusterError>>,
    ) -> Result<T, RuntimeError> {
        let limited = async { tokio::time::timeout(ANSWER_LIMIT, asked).await };
        match self.session.block_on(limited) {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(ClusterError::Api("no answer in time".into()).into()),
        }
    }

    fn lease(&self) -> MutexGuard<'_, lease::Seen> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deployed for DeployedEndpoint {
    fn changes(&self) -> u64 {
        self.watches.seen().changes
    }

    fn documents(&self) -> Result<BTreeMap<String, String>, RuntimeError> {
        let name = documents_name(&self.endpoint);
        let map: Option<ConfigMap> = self.ask(self.cluster.find(&name))?;
        let missing = || ClusterError::Api(format!("the ConfigMap {name} is not there"));
        Ok(map.ok_or_else(missing)?.data.unwrap_or_default())
    }

    fn pods(&self) -> Result<Vec<EndpointPod>, RuntimeError> {
        let seen = self.watches.seen();
        match (&seen.pods, &seen.trouble) {
            // What was seen last is still the best that is known.
            (Some(pods), _) => Ok(pods.values().cloned().collect()),
            (None, Some(error)) => Err(error.clone().into()),
            (None, None) => Err(ClusterError::Api("its pods are not listed yet".into()).into()),
        }
    }

    fn replicas(&self, deployment: &RunId) -> Result<Option<u32>, RuntimeError> {
        let found: Option<Deployment> = self.ask(self.cluster.find(deployment))?;
        // Kubernetes takes one where nothing is said.
        let wanted = |found: Deployment| found.spec.and_then(|spec| spec.replicas).unwrap_or(1);
        Ok(found.map(wanted).map(|count| u32::try_from(count).unwrap_or(0)))
    }

    fn scale(&self, deployment: &RunId, replicas: u32) -> Result<(), RuntimeError> {
        let patch = json!({"spec": {"replicas": replicas}});
        let api = self.cluster.api::<Deployment>();
        self.ask(async {
            let patch = Patch::Merge(&patch);
            let params = PatchParams::default();
            match self.cluster.retry(|| api.patch_scale(deployment, &params, &patch)).await {
                Ok(_) => Ok(()),
                // Somebody has taken it away, and so it has none.
                Err(error) if replicas == 0 && is_not_found(&error) => Ok(()),
                Err(error) => Err(self.cluster.target.explain(error)),
            }
        })
    }

    fn hold(&self, pod: &str, lifetime: Duration) -> Result<String, RuntimeError> {
        let mut seen = self.lease().clone();
        let now = self.session.now();
        let holder =
            self.ask(lease::hold(&self.cluster, &self.endpoint, pod, lifetime, now, &mut seen));
        *self.lease() = seen;
        holder
    }

    fn let_go(&self, pod: &str) -> Result<(), RuntimeError> {
        self.ask(lease::let_go(&self.cluster, &self.endpoint, pod))
    }

    fn show(&self, live: &str) -> Result<(), RuntimeError> {
        let change = json!({"data": {LIVE_KEY: live}});
        let name = live_name(&self.endpoint);
        self.ask(async { self.cluster.change::<ConfigMap>(&name, &change).await.map(drop) })
    }
}
