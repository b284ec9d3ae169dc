//! The reasons against an endpoint in a cluster.

use super::places::local_model;
use super::{code_of, planned};
use crate::cli::verbs::serve::{document_of, port_within, unreachable};
use crate::cli::{CliError, Context};
use crate::runtime::kubernetes::endpoint::{EndpointContext, endpoint_manifests};
use crate::runtime::kubernetes::{ManifestError, Reason};
use crate::spec::{Endpoint, ModelRef, Revision};
use crate::store::{EndpointPaths, random_id};
use crate::work::ServedModel;
use crate::work::serve::{InCluster, LoadedEndpoint, ServeError, prepare_endpoint, service_plan};

/// Stands for the place of a model that only a registry elsewhere knows.
const SOMEWHERE: &str = "s3://registry/model";

/// All reasons. Which models a registry elsewhere has, and which tokens this machine knows, is asked by
/// who serves it.
pub(super) fn of_endpoint(
    context: &Context,
    loaded: &LoadedEndpoint,
) -> Result<Vec<Reason>, CliError> {
    let models: Vec<ServedModel> = loaded
        .endpoint
        .revisions
        .iter()
        .map(|revision| {
            let model = revision.model.as_ref();
            let local = model.and_then(|model| local_model(context, model));
            let elsewhere = |model: &ModelRef| match model.place() {
                Some(place) => place.clone(),
                None => SOMEWHERE.into(),
            };
            ServedModel {
                asked: model.map(ToString::to_string),
                place: local.or_else(|| model.map(elsewhere)),
                ..ServedModel::default()
            }
        })
        .collect();
    let mut reasons = unreachable(loaded, &models);
    for (revision, job) in loaded.endpoint.revisions.iter().zip(&loaded.revisions) {
        let plan = planned(job, &random_id(&loaded.endpoint.name)?)?;
        reasons.extend(code_of(&plan, None).err().map(|reason| reason.in_role(&revision.name)));
    }
    if let Some(more) = of_objects(context, &without_code(loaded), &models)? {
        reasons.extend(more);
    }
    Ok(reasons)
}

/// The endpoint without its servers' code, which would be copied.
fn without_code(loaded: &LoadedEndpoint) -> LoadedEndpoint {
    let bare = |revision: &Revision| Revision { code: None, ..revision.clone() };
    let endpoint = Endpoint {
        code: None,
        revisions: loaded.endpoint.revisions.iter().map(bare).collect(),
        ..loaded.endpoint.clone()
    };
    LoadedEndpoint::new(
        endpoint,
        loaded.from_env.clone(),
        loaded.source.clone(),
        loaded.base.clone(),
        loaded.foreign,
        loaded.storage.clone(),
    )
}

/// The reasons against its objects; `None` where it has no plan, which is said by who serves it.
fn of_objects(
    context: &Context,
    loaded: &LoadedEndpoint,
    models: &[ServedModel],
) -> Result<Option<Vec<Reason>>, CliError> {
    let id = random_id(&loaded.endpoint.name)?;
    let port = port_within(loaded);
    let mut document = document_of(loaded, &id, port, Vec::new(), "kubernetes".to_owned());
    let folder = tempfile::tempdir()?;
    let paths = EndpointPaths { dir: folder.path().to_owned(), endpoint: id };
    let Ok(prepared) = prepare_endpoint(loaded, models, &paths, None) else { return Ok(None) };
    document.drain = Some(prepared.rules.drain);
    let of = InCluster {
        endpoint: &loaded.endpoint,
        document: &document,
        prepared: &prepared,
        earlier: &[],
        paths: &paths,
        labels: &loaded.endpoint.labels,
        user: "-",
        planned: &|job, run| planned(job, run).map_err(|error| ServeError::Routing(error.message)),
    };
    let Ok(of_service) = service_plan(&of) else { return Ok(None) };
    let common = context.settings_of_objects()?;
    let Ok(with_code) = EndpointContext::of(&of_service.plan, common) else { return Ok(None) };
    let made = endpoint_manifests(&of_service.plan, &with_code);
    Ok(made.err().map(|ManifestError::Refused(reasons)| reasons))
}
