//! What the router is told: the endpoint's document, the weights that count, and the replicas that answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use mlctl_router::{
    Assignment, Limits, LogConfig, RevisionConfig, RouterConfig, Routes, SCHEMA_VERSION,
    ShadowConfig, Sticky,
};

use super::replicas::Replicas;
use crate::plan::{Protocol, ServerPlan};
use crate::spec::RequestLimits;
use crate::work::serve::endpoint::{Definition, EndpointDocument};
use crate::work::serve::rollout::{EndpointState, RevisionId, Weights};

/// What the spec's limits are where it says nothing of them.
const TIMEOUT: Duration = Duration::from_mins(5);
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
const MAX_IN_FLIGHT: usize = 1000;
const QUEUE: usize = 100;
/// So much of each body is kept, where requests are.
const KEPT_BODY: usize = 64 << 10;

/// What a configuration is made from.
pub(super) struct Routing<'a> {
    pub(super) document: &'a EndpointDocument,
    pub(super) state: &'a EndpointState,
    /// The weights that the router is to have.
    pub(super) weights: &'a Weights,
    pub(super) definitions: &'a BTreeMap<String, Definition>,
    pub(super) replicas: &'a dyn Replicas,
    /// Revisions that get nothing new, since all their replicas are about to be stopped.
    pub(super) drained: &'a BTreeSet<RevisionId>,
    /// Which callers have which revision by these weights.
    pub(super) assignment: &'a Assignment,
}

impl Routing<'_> {
    /// The whole configuration.
    pub(super) fn config(&self) -> RouterConfig {
        let document = self.document;
        let mut revisions: Vec<RevisionConfig> =
            self.state.revisions.keys().filter_map(|id| self.revision(id)).collect();
        let answers = revisions.iter().any(|one| one.weight > 0 && !one.replicas.is_empty());
        for one in &mut revisions {
            one.hold = self.holds(one, answers);
        }
        RouterConfig {
            schema_version: SCHEMA_VERSION,
            endpoint: document.name.clone(),
            sticky: document.sticky.as_ref().and_then(|sticky| {
                let header = sticky.header.clone().map(Sticky::Header);
                header.or_else(|| sticky.cookie.clone().map(Sticky::Cookie))
            }),
            assignment: (!self.weights.is_empty()).then(|| self.assignment.clone()),
            shadow: self.shadow(&revisions),
            limits: limits(&document.limits),
            retries: mlctl_router::Retries::default(),
            auth: document.tokens.clone(),
            log: document
                .log
                .as_ref()
                .map(|log| LogConfig { sample: log.sample, max_body: KEPT_BODY }),
            access_log: false,
            revisions,
        }
    }

    fn revision(&self, id: &RevisionId) -> Option<RevisionConfig> {
        let revision = self.state.revisions.get(id)?;
        let weight = u32::from(self.weights.get(id));
        let definition = self.definitions.get(&revision.rules.digest);
        let server = definition.map(|definition| &definition.serving.server);
        let is_drained = self.drained.contains(id);
        let replicas = if is_drained { Vec::new() } else { self.replicas.ready(id) };
        if replicas.is_empty() && weight == 0 && revision.replicas == 0 && !self.may_wake(id) {
            return None;
        }
        Some(RevisionConfig {
            name: id.to_string(),
            aliases: self.other_names(id),
            weight,
            version: server.and_then(version),
            models: vec![self.document.model_name.clone()],
            hold: false,
            routes: Routes { predict: server.map(predict_route) },
            max_concurrency: definition.and_then(|definition| definition.max_concurrency),
            replicas,
        })
    }

    /// How callers may ask for it beside its own name: by the name of the spec, where it is the newest
    /// generation of that name that can answer, and the first generation by its number too.
    fn other_names(&self, id: &RevisionId) -> Vec<String> {
        let can_answer = |id: &RevisionId| {
            let is_bad = self.state.revisions.get(id).is_none_or(|one| one.condemned.is_some());
            !is_bad && !self.drained.contains(id) && !self.replicas.ready(id).is_empty()
        };
        let same = self.state.revisions.keys().filter(|one| one.name == id.name);
        let newest = same.filter(|one| can_answer(one)).max_by_key(|one| one.generation);
        let meant = newest.or_else(|| self.state.current(&id.name));
        let is_meant = meant == Some(id);
        let names = [is_meant.then(|| id.name.to_string()), Some(id.exact())];
        let own = id.to_string();
        names.into_iter().flatten().filter(|name| *name != own).collect()
    }

    /// It has no replica until somebody asks for it.
    fn may_wake(&self, id: &RevisionId) -> bool {
        self.state.is_current(id) && self.state.bounds(id).min == 0
    }

    /// Whether requests to a revision without replicas wait for one: it is scaled to none, or has to wait
    /// for another one to go. Otherwise those that can answer do, as long as there are any.
    fn holds(&self, one: &RevisionConfig, others_answer: bool) -> bool {
        let Ok(id) = one.name.parse::<RevisionId>() else { return false };
        let rules = self.state.rules.as_ref();
        let swaps = |change: &crate::work::serve::rollout::Change| {
            rules.is_some_and(|rules| change.is_minimal_ram(rules, &self.state.weights))
                && change.to.get(&id) > 0
        };
        let is_swap = self.state.change.as_ref().is_some_and(swaps);
        if one.weight == 0 {
            return self.may_wake(&id);
        }
        is_swap || self.may_wake(&id) || !others_answer
    }

    fn shadow(&self, revisions: &[RevisionConfig]) -> Option<ShadowConfig> {
        let shadow = self.document.shadow.as_ref()?;
        let name = shadow.revision.parse().ok()?;
        let current = self.state.current(&name)?.to_string();
        let is_there = revisions.iter().any(|one| one.name == current);
        let percent = f64::from(shadow.percent.unwrap_or(100));
        is_there.then_some(ShadowConfig { revision: current, percent })
    }
}

/// The version that TensorFlow Serving's paths ask for.
fn version(server: &ServerPlan) -> Option<u64> {
    let of_tensorflow =
        matches!(server.protocol, Protocol::TensorflowRest | Protocol::TensorflowGrpc);
    let text = server.version.as_deref().or(of_tensorflow.then_some("1"))?;
    text.parse().ok()
}

/// Where a call goes that names the endpoint, as Vertex AI's do.
fn predict_route(server: &ServerPlan) -> String {
    if let Some(route) = &server.predict_route {
        return route.clone();
    }
    let model = &server.model_name;
    match server.protocol {
        Protocol::TensorflowRest | Protocol::TensorflowGrpc => {
            format!("/v1/models/{model}:predict")
        }
        Protocol::V2Rest | Protocol::V2Grpc => format!("/v2/models/{model}/infer"),
        Protocol::Openai => "/v1/completions".to_owned(),
        Protocol::Vertex => "/".to_owned(),
    }
}

fn limits(given: &RequestLimits) -> Limits {
    let usual = Limits::default();
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    Limits {
        timeout: given.timeout.map_or(TIMEOUT, |span| span.0),
        idle_timeout: given.idle_timeout.map_or(IDLE_TIMEOUT, |span| span.0),
        max_in_flight: given.max_in_flight.map_or(MAX_IN_FLIGHT, count),
        queue: given.queue.map_or(QUEUE, count),
        max_body: given.max_body.map_or(usual.max_body, |size| size.bytes),
        ..usual
    }
}
