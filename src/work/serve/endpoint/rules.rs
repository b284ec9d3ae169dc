//! What a spec says of an endpoint, as decisions over it need it.

use std::collections::BTreeMap;

use super::definition::Definition;
use super::error::ServeError;
use crate::plan::{BLAME_HOLD, KILL_BOUND};
use crate::spec::{Endpoint, ScalingMetric};
use crate::work::serve::rollout::{
    LatencyLimits, OnFailure, RevisionRules, RolloutRules, Rules, Transition,
};
use crate::work::serve::scale::{ScaleRules, Target};

/// What the spec says of one revision.
pub fn revision_rules(endpoint: &Endpoint, at: usize, definition: &Definition) -> RevisionRules {
    let revision = endpoint.revisions.get(at).map(|one| endpoint.effective(one));
    let revision = revision.unwrap_or_default();
    let replicas = revision.replicas.unwrap_or_default();
    RevisionRules {
        digest: definition.digest.clone(),
        traffic: traffic(endpoint, &revision.name),
        min: replicas.min(),
        max: replicas.max(),
        // The server's own limit comes first, and has the better words.
        start_timeout: definition.serving.server.start_timeout + BLAME_HOLD + KILL_BOUND,
    }
}

/// Percent of the requests that a revision is to have in the end: with a rollout the last one gets what the
/// last step says, and the others keep their parts of the rest.
fn traffic(endpoint: &Endpoint, name: &str) -> u8 {
    let weights = endpoint.weights();
    let weight = weights.iter().find(|weight| weight.revision == name);
    let own = weight.map_or(0, |weight| weight.percent);
    let Some(candidate) = endpoint.candidate() else {
        return u8::try_from(own).unwrap_or(100);
    };
    let is_candidate = candidate.name == name;
    let share = match candidate.traffic {
        // Without a share of its own it is to have everything.
        None => {
            if is_candidate {
                100
            } else {
                0
            }
        }
        Some(_) => own,
    };
    u8::try_from(share).unwrap_or(100)
}

/// All of it.
pub fn current_rules(endpoint: &Endpoint, definitions: &[Definition]) -> Result<Rules, ServeError> {
    let mut revisions = BTreeMap::new();
    for (at, (revision, definition)) in endpoint.revisions.iter().zip(definitions).enumerate() {
        revisions.insert(revision.name.parse()?, revision_rules(endpoint, at, definition));
    }
    let scaling = endpoint.scaling.clone().unwrap_or_default();
    let target = match scaling.target.metric() {
        ScalingMetric::Concurrency(each) => Target::Concurrency(each),
        ScalingMetric::RequestsPerSecond(each) => Target::RequestsPerSecond(each),
        ScalingMetric::Cpu(part) => Target::Cpu(part.percent()),
    };
    let rollout = endpoint.rollout.as_ref().map(|rollout| RolloutRules {
        steps: rollout.steps().iter().filter_map(|step| u8::try_from(*step).ok()).collect(),
        interval: rollout.interval().0,
        min_requests: rollout.min_requests(),
        max_error_rate: rollout.max_error_rate.map(crate::text::Percent::fraction),
        max_latency: LatencyLimits {
            p50: rollout.max_latency.p50.map(|span| span.0),
            p95: rollout.max_latency.p95.map(|span| span.0),
            p99: rollout.max_latency.p99.map(|span| span.0),
        },
        compare_to_stable: rollout.compares_to_stable(),
        on_failure: match rollout.on_failure {
            crate::spec::OnFailure::Rollback => OnFailure::Rollback,
            crate::spec::OnFailure::Pause => OnFailure::Pause,
        },
        max_wait: rollout.max_wait().0,
    });
    let grace = endpoint.revisions.iter().filter_map(|one| endpoint.effective(one).grace).max();
    Ok(Rules {
        revisions,
        transition: match endpoint.transition {
            crate::spec::Transition::Availability => Transition::Availability,
            crate::spec::Transition::MinimalRam => Transition::MinimalRam,
        },
        scaling: ScaleRules {
            target,
            window: scaling.window().0,
            scale_to_zero_after: scaling.scale_to_zero_after().0,
        },
        rollout,
        keep_warm: endpoint.rollout.clone().unwrap_or_default().keep_warm().0,
        drain: grace.map_or(DRAIN, |grace| grace.0),
    })
}

/// Requests under way are waited for this long where no revision says it.
const DRAIN: std::time::Duration = std::time::Duration::from_secs(30);
