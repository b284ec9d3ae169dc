//! How an endpoint is, as its controller said last: for people, and for whoever predicts by its name.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::history::{History, LiveHistory};
use super::recent::{LiveTraffic, Recent};
use super::replicas::{READY, Replicas, ShownReplica};
use crate::gang::RunId;
use crate::plan::Protocol;
use crate::runtime::Notes;
use crate::store::{Durability, EndpointPaths, write_atomic};
use crate::text::read_document;
use crate::work::serve::endpoint::{Definition, EndpointDocument, ServeError};
use crate::work::serve::rollout::{EndpointState, Measured, RevisionFacts, RevisionId};

/// Format of the document: the one that is written, and the newest that can be read.
pub const LIVE_VERSION: u32 = 1;

/// `endpoints/<endpoint>/live.json`. It is written about once a second while the controller lives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveDocument {
    /// [`LIVE_VERSION`].
    pub schema_version: u32,
    /// The endpoint's name.
    pub name: String,
    /// The run whose command is the controller.
    pub controller: RunId,
    /// When this was written.
    pub updated: Timestamp,
    /// The spec that was applied then is what callers meet; absent where its controller is older than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Timestamp>,
    /// Where callers reach it: `http://127.0.0.1:PORT`, for REST and gRPC alike.
    pub url: String,
    /// The certificate that callers see, in PEM; absent where they see none, and in a cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// What the revision with the most weight speaks; absent while none has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Its route for predictions, where it is not its protocol's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predict_route: Option<String>,
    /// Whether a revision that has weight can answer.
    pub serving: bool,
    /// Requests that no revision is to blame for, since the router began.
    pub refused: u64,
    /// Every revision that is known, in the order of their names.
    pub revisions: Vec<LiveRevision>,
    /// The change of weights that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<LiveChange>,
    /// Who gets copies of requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadow: Option<LiveShadow>,
}

/// A revision that gets copies of requests, whose answers nobody waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveShadow {
    /// Which.
    pub revision: RevisionId,
    /// Percent of the requests that are copied.
    pub percent: u32,
    /// Copies that it got since the router began.
    pub copies: u64,
}

/// A revision, with its replicas and its traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveRevision {
    /// Which.
    pub revision: RevisionId,
    /// Percent of the requests that it gets.
    pub weight: u8,
    /// The model as the spec names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How many replicas it is to have.
    pub wanted: u32,
    /// Fewest replicas, by the spec or a person.
    pub min: u32,
    /// Most replicas.
    pub max: u32,
    /// Its replicas.
    pub replicas: Vec<LiveReplica>,
    /// How many replicas have failed in a row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failures: u32,
    /// Why the last one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Why it was given up by a rollout that it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condemned: Option<String>,
    /// Its requests.
    pub traffic: LiveTraffic,
    /// How they went over the last minutes; absent where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<LiveHistory>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A replica.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveReplica {
    /// Its run; in a cluster its pod.
    pub run: String,
    /// `starting`, `ready` or `draining`.
    pub state: String,
    /// Requests that it has now.
    pub in_flight: u64,
    /// It gets no requests for now, because it failed some.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ejected: bool,
}

/// A change of weights.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveChange {
    /// Its number.
    pub number: u32,
    /// How far it is, in percent of the way.
    pub percent: u8,
    /// What the step under way has counted for those who gain.
    pub step: Vec<StepFigures>,
}

/// What a step has counted of one revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepFigures {
    /// Of which.
    pub revision: RevisionId,
    /// Requests.
    pub requests: u64,
    /// Those of them that were its fault.
    pub errors: u64,
}

impl LiveDocument {
    /// What this controller said last; `None` where it has said nothing yet, or what it said can't be read. An
    /// earlier controller's words say nothing about now.
    pub fn of(
        notes: &dyn Notes,
        paths: &EndpointPaths,
        controller: &RunId,
    ) -> Result<Option<Self>, ServeError> {
        let live = notes.shown(paths)?.as_deref().and_then(Self::parse);
        Ok(live.filter(|live| live.controller == *controller))
    }

    /// Reads a document; `None` where it is none that this mlctl understands.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        read_document(bytes, LIVE_VERSION).ok()
    }

    /// Says it.
    pub fn write(&self, paths: &EndpointPaths) -> Result<(), ServeError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?;
        Ok(write_atomic(&paths.live(), &bytes, Durability::Crash)?)
    }
}

/// What a live document is made from.
pub(super) struct Look<'a> {
    pub(super) document: &'a EndpointDocument,
    pub(super) controller: &'a RunId,
    /// Where callers reach it.
    pub(super) url: &'a str,
    /// The certificate that they see.
    pub(super) certificate: Option<String>,
    pub(super) state: &'a EndpointState,
    pub(super) measured: &'a Measured,
    pub(super) replicas: &'a dyn Replicas,
    pub(super) recent: &'a Recent,
    pub(super) history: &'a History,
    /// What each revision is, by its digest.
    pub(super) definitions: &'a BTreeMap<String, Definition>,
    pub(super) now: Timestamp,
}

impl Look<'_> {
    pub(super) fn live(&self) -> LiveDocument {
        let facts = self.replicas.facts();
        let revisions: Vec<LiveRevision> =
            self.state.revisions.keys().filter_map(|id| self.revision(id, &facts)).collect();
        let answers = |one: &LiveRevision| {
            one.weight > 0 && one.replicas.iter().any(|replica| replica.state == READY)
        };
        let heaviest = self.state.weights.iter().max_by_key(|(_, weight)| *weight);
        let server =
            heaviest.and_then(|(id, _)| self.definition(id)).map(|one| &one.serving.server);
        LiveDocument {
            schema_version: LIVE_VERSION,
            name: self.document.name.clone(),
            controller: self.controller.clone(),
            updated: self.now,
            applied: self.state.applied,
            url: self.url.to_owned(),
            certificate: self.certificate.clone(),
            protocol: server.map(|server| server.protocol),
            predict_route: server.and_then(|server| server.predict_route.clone()),
            serving: revisions.iter().any(answers),
            refused: self.recent.last().map_or(0, |snapshot| snapshot.refused),
            revisions,
            change: self.state.change.as_ref().map(|change| LiveChange {
                number: change.number,
                percent: change.percent,
                step: change
                    .gainers()
                    .map(|id| {
                        let counts = self.measured.of_step(id);
                        StepFigures {
                            revision: id.clone(),
                            requests: counts.map_or(0, |counts| counts.requests),
                            errors: counts.map_or(0, |counts| counts.errors),
                        }
                    })
                    .collect(),
            }),
            shadow: self.shadow(),
        }
    }

    fn shadow(&self) -> Option<LiveShadow> {
        let shadow = self.document.shadow.as_ref()?;
        let revision = self.state.current(&shadow.revision.parse().ok()?)?.clone();
        let stats = self.recent.last().and_then(|one| one.revision(&revision.to_string()));
        let copies = stats.map_or(0, |stats| stats.shadowed);
        Some(LiveShadow { percent: shadow.percent.unwrap_or(100), copies, revision })
    }

    fn definition(&self, id: &RevisionId) -> Option<&Definition> {
        self.definitions.get(&self.state.revisions.get(id)?.rules.digest)
    }

    fn revision(
        &self,
        id: &RevisionId,
        facts: &BTreeMap<RevisionId, RevisionFacts>,
    ) -> Option<LiveRevision> {
        let revision = self.state.revisions.get(id)?;
        let name = id.to_string();
        let bounds = self.state.bounds(id);
        let fact = facts.get(id);
        let stats = self.recent.last().and_then(|snapshot| snapshot.revision(&name));
        let replicas = self.replicas.shown(id).into_iter().map(|ShownReplica { name, state }| {
            let stats = stats.and_then(|stats| stats.replicas.iter().find(|one| one.id == name));
            LiveReplica {
                state: state.to_owned(),
                in_flight: stats.map_or(0, |stats| stats.in_flight),
                ejected: stats.is_some_and(|stats| stats.ejected),
                run: name,
            }
        });
        Some(LiveRevision {
            revision: id.clone(),
            weight: self.state.weights.get(id),
            model: self.definition(id).and_then(|one| one.model.asked.clone()),
            wanted: revision.replicas,
            min: bounds.min,
            max: bounds.max,
            replicas: replicas.collect(),
            failures: fact.map_or(0, |fact| fact.failures),
            failure: fact.and_then(|fact| fact.failure.clone()),
            condemned: revision.condemned.clone(),
            traffic: self.recent.traffic(&name),
            history: self.history.of(id),
        })
    }
}
