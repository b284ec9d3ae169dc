//! An endpoint as manifests, for whoever wants to apply them without mlctl.

use serde_json::Value as Json;

use super::applied::document_of;
use super::deploy::port_within;
use super::lookup::{models, reachable, tokens};
use crate::cli::{CliError, Context, ErrorKind};
use crate::gang::RunId;
use crate::plan::Plan;
use crate::runtime::SecretValues;
use crate::runtime::kubernetes::ManifestContext;
use crate::runtime::kubernetes::endpoint::{EndpointContext, endpoint_manifests};
use crate::spec::ENDPOINT;
use crate::store::{EndpointPaths, random_id};
use crate::work::serve::{
    InCluster, LoadedEndpoint, ServeError, ServicePlanned, prepare_endpoint, service_plan,
};
use crate::work::train::{LoadedJob, travel};

/// What rendering an endpoint has in common with rendering other specs.
pub struct Rendering<'a> {
    /// Whose it will be.
    pub user: &'a str,
    /// Plans a replica without a cluster that could be asked.
    pub planned: &'a dyn Fn(&LoadedJob, &RunId) -> Result<Plan, ServeError>,
    /// What the settings say of all objects, with a record of this plan.
    pub context: &'a dyn Fn(&Plan, &str) -> Result<ManifestContext, CliError>,
}

/// The objects of an endpoint, in the order in which they are made. Each call makes another endpoint.
pub fn rendered_endpoint(
    context: &Context,
    loaded: &LoadedEndpoint,
    rendering: &Rendering<'_>,
) -> Result<Vec<Json>, CliError> {
    for job in &loaded.revisions {
        for notice in travel(job, false)?.notices {
            context.printer.warn(notice.0);
        }
    }
    let models = models(context, loaded)?;
    reachable(loaded, &models)?;
    let id = random_id(&loaded.endpoint.name)?;
    let port = port_within(loaded);
    let tokens = tokens(context, loaded)?;
    let mut document = document_of(loaded, &id, port, tokens, "kubernetes".to_owned());
    let folder = tempfile::tempdir()?;
    let paths = EndpointPaths { dir: folder.path().to_owned(), endpoint: id };
    let prepared = prepare_endpoint(loaded, &models, &paths, None)?;
    document.drain = Some(prepared.rules.drain);
    let of = InCluster {
        endpoint: &loaded.endpoint,
        document: &document,
        prepared: &prepared,
        earlier: &[],
        paths: &paths,
        labels: &loaded.endpoint.labels,
        user: rendering.user,
        planned: rendering.planned,
    };
    let ServicePlanned { mut plan, given } = service_plan(&of)?;
    let refused = |error: &dyn std::fmt::Display| {
        let message = format!("this endpoint can't begin in a cluster: {error}");
        CliError::new(ErrorKind::Refused, message)
    };
    let secrets = SecretValues(plan.take_secrets(&given));
    if secrets.0.values().any(|values| !values.is_empty()) {
        context.printer.warn("the Secrets below hold secret values: keep this text to yourself");
    }
    let common = (rendering.context)(&plan, &loaded.resolved()?)?;
    let common = ManifestContext { secrets, kind: ENDPOINT.into(), ..common };
    let context_of = EndpointContext::of(&plan, common).map_err(|error| refused(&error))?;
    let made = endpoint_manifests(&plan, &context_of).map_err(|error| refused(&error))?;
    for notice in &made.notices {
        context.printer.warn(notice);
    }
    made.documents().map_err(|error| refused(&error))
}
