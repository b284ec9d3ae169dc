//! What the endpoint's other routers have counted.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mlctl_router::Snapshot;
use tokio::runtime::Handle;

use crate::runtime::kubernetes::endpoint::ADMIN_PORT;
use crate::runtime::{Deployed, EndpointPart, PodPhase};

/// Between two questions to the same router.
const PACE: Duration = Duration::from_millis(500);
/// A router has answered within this time.
const LIMIT: Duration = Duration::from_secs(2);
/// A longer answer is none of a router.
const LARGEST: usize = 16 << 20;
/// What is older says nothing about now.
const LIFETIME: Duration = Duration::from_secs(5);

/// The other routers.
pub(super) struct Peers<'a> {
    deployed: &'a dyn Deployed,
    own: &'a str,
    client: Client<HttpConnector, Empty<Bytes>>,
    handle: Handle,
    known: Arc<Mutex<BTreeMap<String, Known>>>,
}

#[derive(Default)]
struct Known {
    asked: Option<Instant>,
    told: Option<(Snapshot, Instant)>,
}

impl<'a> Peers<'a> {
    pub(super) fn new(deployed: &'a dyn Deployed, own: &'a str, handle: Handle) -> Self {
        // Routers of one endpoint speak without encryption, and no proxy is between them.
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { deployed, own, client, handle, known: Arc::default() }
    }

    /// What each has told last, by its name. One that is there and has told nothing lately has counted
    /// nothing that is known, and routes by weights that nobody knows.
    pub(super) fn now(&self) -> Vec<(String, Snapshot)> {
        let Ok(pods) = self.deployed.pods() else { return Vec::new() };
        let others: Vec<(String, IpAddr, bool)> = pods
            .into_iter()
            .filter(|pod| pod.part == EndpointPart::Router && pod.name != self.own)
            .filter(|pod| pod.phase != PodPhase::Starting)
            .filter_map(|pod| Some((pod.name, pod.address?, pod.phase == PodPhase::Draining)))
            .collect();
        let mut known = lock(&self.known);
        known.retain(|name, _| others.iter().any(|(other, ..)| other == name));
        let mut all = Vec::new();
        for (name, address, is_leaving) in others {
            let one = known.entry(name.clone()).or_default();
            if one.asked.is_none_or(|at| at.elapsed() >= PACE) {
                one.asked = Some(Instant::now());
                self.ask(name.clone(), address);
            }
            let fresh = one.told.as_ref().filter(|(_, at)| at.elapsed() < LIFETIME);
            match fresh.map(|(snapshot, _)| snapshot.clone()) {
                Some(snapshot) => all.push((name, snapshot)),
                // It has stopped taking requests, and nobody needs to wait for its word.
                None if is_leaving => {}
                None => all.push((name, Snapshot::default())),
            }
        }
        all
    }

    fn ask(&self, name: String, address: IpAddr) {
        let (client, known) = (self.client.clone(), Arc::clone(&self.known));
        let address = std::net::SocketAddr::new(address, ADMIN_PORT);
        self.handle.spawn(async move {
            let Ok(uri) = format!("http://{address}/snapshot").parse() else { return };
            let asked = async {
                let answer = client.get(uri).await.ok()?;
                let body = Limited::new(answer.into_body(), LARGEST).collect().await.ok()?;
                serde_json::from_slice(&body.to_bytes()).ok()
            };
            let Ok(Some(snapshot)) = tokio::time::timeout(LIMIT, asked).await else { return };
            if let Some(one) = lock(&known).get_mut(&name) {
                one.told = Some((snapshot, Instant::now()));
            }
        });
    }
}

fn lock(known: &Mutex<BTreeMap<String, Known>>) -> MutexGuard<'_, BTreeMap<String, Known>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}
