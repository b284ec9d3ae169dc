//! What is written down of a spec that is applied, and given to a cluster.

use std::collections::BTreeSet;

use mlctl_router::TokenHash;

use super::target::EndpointTarget;
use crate::cli::{CliError, Context, LOCAL};
use crate::gang::RunId;
use crate::runtime::{Notice, Runtime};
use crate::spec::{Expose, Routers};
use crate::store::{Store, now};
use crate::work::serve::{
    Definition, EndpointDocument, InCluster, KeptRequests, LoadedEndpoint, Prepared, Serving,
    change_in_cluster, planned_in,
};

/// Makes what is there what the spec says now, but for the journal: a controller finds all of it once that says so.
pub(super) fn apply(
    context: &Context,
    store: &Store,
    runtime: &dyn Runtime,
    (loaded, document, prepared): (&LoadedEndpoint, &EndpointDocument, &Prepared),
    target: &EndpointTarget,
    user: &str,
) -> Result<(), CliError> {
    if runtime.name() == LOCAL {
        return Ok(document.write(&target.paths)?);
    }
    let resolved = loaded.resolved()?;
    let submitter = context.submitter();
    let labels = &loaded.endpoint.labels;
    let serving = Serving { store, runtime, submitter: &submitter, labels, resolved: &resolved };
    let earlier = earlier(target, prepared);
    let of = InCluster {
        endpoint: &loaded.endpoint,
        document,
        prepared,
        earlier: &earlier,
        paths: &target.paths,
        labels,
        user,
        planned: &|job, deployment| planned_in(runtime, job, deployment),
    };
    let mut notify = |Notice(notice): Notice| context.printer.warn(notice);
    change_in_cluster(&of, &target.run.paths, &serving, &mut notify)?;
    Ok(())
}

/// Definitions that the endpoint's journal still names, beside those of the spec: a router that begins anew
/// has to know them.
fn earlier(target: &EndpointTarget, prepared: &Prepared) -> Vec<Definition> {
    let digests: BTreeSet<&String> =
        target.state.revisions.values().map(|revision| &revision.rules.digest).collect();
    let is_new = |digest: &&&String| prepared.definitions.iter().all(|one| one.digest != ***digest);
    let old = digests.iter().filter(is_new);
    old.filter_map(|digest| Definition::read(&target.paths, digest).ok()).collect()
}

/// What callers of an endpoint meet.
pub(in crate::cli) fn document_of(
    loaded: &LoadedEndpoint,
    id: &RunId,
    port: u16,
    tokens: Vec<TokenHash>,
    runtime: String,
) -> EndpointDocument {
    let endpoint = &loaded.endpoint;
    let is_local = runtime == LOCAL;
    EndpointDocument {
        schema_version: EndpointDocument::VERSION,
        endpoint: id.clone(),
        name: endpoint.name.clone(),
        created: now(),
        runtime,
        base: loaded.base.clone(),
        model_name: endpoint.model_name().to_owned(),
        port: Some(port),
        limits: endpoint.limits.clone(),
        sticky: endpoint.sticky.clone(),
        shadow: endpoint.shadow.clone(),
        tokens,
        drain: None,
        routers: if is_local { Routers::default() } else { endpoint.routers.clone() },
        expose: if is_local { Expose::default() } else { endpoint.expose.clone() },
        tls: endpoint.tls.clone(),
        certificate: None,
        log: KeptRequests::of(endpoint, &loaded.base)
            .map(|log| if is_local { log } else { log.in_pods(&loaded.storage) }),
    }
}
