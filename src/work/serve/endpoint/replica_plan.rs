//! What a replica of a revision runs.

use std::time::Duration;

use crate::plan::{OWN_PROGRAM, REPLICA_VERB, ServerPlan, ServingPlan, WarmupPlan};
use crate::spec::{Endpoint, Retries, Revision, Role, Server, TrainJob};
use crate::work::ServedModel;
use crate::work::buckets::bucket_settings;
use crate::work::serve::LoadedEndpoint;
use crate::work::servers::ServerKind;

/// A server is ready within this time after its start where the spec says nothing else.
const START_TIMEOUT: Duration = Duration::from_mins(10);
/// From SIGTERM to SIGKILL for a server whose requests are answered.
const SERVER_GRACE: Duration = Duration::from_secs(5);
/// TensorFlow Serving ignores SIGTERM, so that there is nothing to wait for.
const TENSORFLOW_GRACE: Duration = Duration::from_millis(200);

/// A replica of the revision at this place of the list as a training run of one role, and what the process
/// beside its server is told. A container without a command keeps its image's own, which a runtime looks
/// up.
pub fn replica_job(
    endpoint: &LoadedEndpoint,
    at: usize,
    model: &ServedModel,
) -> Option<(TrainJob, ServingPlan)> {
    let revision = endpoint.endpoint.revisions.get(at)?;
    let mut job = endpoint.revisions.get(at)?.job.clone();
    let whole = endpoint.endpoint.effective(revision);
    job.command = job.command.map(|server| {
        let own = [OWN_PROGRAM, REPLICA_VERB, "--"].map(str::to_owned);
        own.into_iter().chain(server).collect()
    });
    // Who decides over the endpoint makes a successor, after a pause that grows.
    job.retries = Retries {
        user_error: 0,
        out_of_memory: 0,
        transient_signal: 0,
        startup: 0,
        infrastructure: 0,
        preemption: 0,
    };
    // Each replica is a run of its own.
    for role in job.roles.values_mut() {
        *role = Role { replicas: 1, ..std::mem::take(role) };
    }
    let serving = serving(endpoint, &endpoint.endpoint, &whole, model);
    Some((job, serving))
}

fn serving(
    loaded: &LoadedEndpoint,
    endpoint: &Endpoint,
    revision: &Revision,
    model: &ServedModel,
) -> ServingPlan {
    let kind = ServerKind::of_revision(revision);
    let routes = revision.routes.clone().unwrap_or_default();
    let probes = revision.probes.clone().unwrap_or_default();
    let of_tensorflow = revision.server == Some(Server::TensorflowServing);
    let warmup = revision.warmup.as_ref().map(|warmup| WarmupPlan {
        file: loaded.absolute(&warmup.file),
        requests: warmup.requests,
    });
    let named = model.place.iter().chain(warmup.as_ref().map(|warmup| &warmup.file));
    let places: Vec<_> = named.cloned().collect();
    ServingPlan {
        server: ServerPlan {
            protocol: kind.protocol(),
            address: None,
            model_name: endpoint.model_name().to_owned(),
            version: model.served_version(revision.server),
            signature: None,
            predict_route: routes.predict,
            health_route: routes.health,
            port: routes.port,
            model: model.place.clone(),
            parameters: None,
            start_timeout: probes.start_timeout.map_or(START_TIMEOUT, |span| span.0),
            restarts: 0,
        },
        ports: None,
        warmup,
        grace: if of_tensorflow { TENSORFLOW_GRACE } else { SERVER_GRACE },
        drain: None,
        storage: bucket_settings(&endpoint.storage, &places),
    }
}
