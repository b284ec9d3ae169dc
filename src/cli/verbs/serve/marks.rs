//! Which versions of the registry serve where, so that none of them is removed.
//!
//! A mark is there before a version serves, and goes after it does no longer: what serves can't be removed at
//! any moment. A change that is refused takes back the marks that it has made. One that was killed leaves some
//! that are too much, and their definitions in the endpoint's folder, by which the next `serve` or `undeploy` of
//! that endpoint finds them.

use super::target::EndpointTarget;
use crate::cli::{CliError, Context, LOCAL};
use crate::model::registry::{DEPLOYMENT_VERSION, Deployment, Endpoint as DeployedAt};
use crate::store::{EndpointPaths, Store, now};
use crate::work::serve::{Definition, EndpointDocument, Prepared};

/// The marks of a change that is not accepted yet.
pub(super) struct Marks<'a> {
    context: &'a Context,
    endpoint: &'a str,
    runtime: &'a str,
    new: Vec<Definition>,
}

impl<'a> Marks<'a> {
    /// Marks these, of which `new` were not marked before.
    pub(super) fn set(
        context: &'a Context,
        endpoint: &'a str,
        runtime: &'a str,
        all: &[Definition],
        new: Vec<Definition>,
    ) -> Result<Self, CliError> {
        let marks = Self { context, endpoint, runtime, new };
        match record_deployments(context, endpoint, runtime, all) {
            Ok(()) => Ok(marks),
            Err(error) => {
                marks.take_back();
                Err(error)
            }
        }
    }

    /// The change was refused. A mark that can't be taken back is in a clean-up's way only.
    pub(super) fn take_back(self) {
        let _ = forget_deployments(self.context, self.endpoint, self.runtime, &self.new);
    }
}

/// Definitions of a change whose versions don't serve yet.
pub(super) fn new_ones(
    target: &EndpointTarget,
    prepared: &Prepared,
) -> Result<Vec<Definition>, CliError> {
    let before = target.definitions()?;
    let before: Vec<&Definition> = before.iter().filter(|one| is_needed(target, one)).collect();
    let is_known = |one: &&Definition| before.iter().any(|other| is_same(one, other));
    Ok(prepared.definitions.iter().filter(|one| !is_known(one)).cloned().collect())
}

/// It serves, or is remembered for a rollback.
fn is_needed(target: &EndpointTarget, one: &Definition) -> bool {
    target.state.revisions.values().any(|revision| revision.rules.digest == one.digest)
}

/// Two of the same model and revision have one mark.
fn is_same(one: &Definition, other: &Definition) -> bool {
    one.model == other.model && one.job.roles.keys().eq(other.job.roles.keys())
}

/// What serves no longer and is not remembered for a rollback either, so that its model's version may go.
pub(super) fn forgotten(
    target: &EndpointTarget,
    prepared: &Prepared,
) -> Result<Vec<Definition>, CliError> {
    let all = target.definitions()?;
    let needed: Vec<&Definition> =
        all.iter().filter(|one| is_needed(target, one)).chain(&prepared.definitions).collect();
    let is_over = |one: &&Definition| needed.iter().all(|other| !is_same(one, other));
    Ok(all.iter().filter(is_over).cloned().collect())
}

/// Says in the registry which versions serve, so that none of them is removed.
fn record_deployments(
    context: &Context,
    endpoint: &str,
    runtime: &str,
    definitions: &[Definition],
) -> Result<(), CliError> {
    for (definition, name, version) in definitions.iter().filter_map(registered) {
        let deployment = Deployment {
            schema_version: DEPLOYMENT_VERSION,
            version,
            at: deployed_at(endpoint, runtime, definition),
            since: now(),
            by: context.user(),
        };
        let registry = context.registry(None)?;
        context.handle()?.block_on(registry.deployed(&name.parse()?, &deployment))?;
    }
    Ok(())
}

/// Says in the registry that none of these versions serves at this endpoint.
pub(super) fn forget_deployments(
    context: &Context,
    endpoint: &str,
    runtime: &str,
    definitions: &[Definition],
) -> Result<(), CliError> {
    for (definition, name, version) in definitions.iter().filter_map(registered) {
        let registry = context.registry(None)?;
        let at = deployed_at(endpoint, runtime, definition);
        context.handle()?.block_on(registry.undeployed(&name.parse()?, version, &at))?;
    }
    Ok(())
}

/// A definition with its model's name and version, where that is one of the registry.
fn registered(definition: &Definition) -> Option<(&Definition, &str, u64)> {
    let model = &definition.model;
    Some((definition, model.name.as_deref()?, model.version?))
}

/// The place in the world where a definition serves.
fn deployed_at(endpoint: &str, runtime: &str, definition: &Definition) -> DeployedAt {
    let revision = definition.job.roles.keys().next().cloned().unwrap_or_default();
    DeployedAt {
        endpoint: endpoint.to_owned(),
        revision,
        runtime: runtime.to_owned(),
        // A cluster is the same from everywhere.
        host: (runtime == LOCAL).then(crate::sys::host_name),
    }
}

/// Says in the registry that what earlier endpoints of this name have marked serves no longer: the one that
/// begins is the only one of its name there.
pub(super) fn forget_earlier(
    context: &Context,
    store: &Store,
    document: &EndpointDocument,
    kept: &[Definition],
) -> Result<(), CliError> {
    let own = store.endpoint(&document.endpoint);
    let Some(folder) = own.dir.parent().filter(|folder| folder.is_dir()) else { return Ok(()) };
    let mut old: Vec<Definition> = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let paths: EndpointPaths = store.endpoint(&id);
        let is_earlier = |one: &EndpointDocument| {
            one.endpoint != document.endpoint
                && one.name == document.name
                && one.runtime == document.runtime
        };
        if !EndpointDocument::read(&paths).is_ok_and(|one| is_earlier(&one)) {
            continue;
        }
        for one in definitions_in(&paths)? {
            if !old.iter().chain(kept).any(|other| is_same(&one, other)) {
                old.push(one);
            }
        }
    }
    forget_deployments(context, &document.name, &document.runtime, &old)
}

/// What any revision of an endpoint ever was, as far as that is known here.
pub(super) fn definitions_in(paths: &EndpointPaths) -> Result<Vec<Definition>, CliError> {
    let folder = paths.definition("");
    let mut definitions = Vec::new();
    let Some(folder) = folder.parent().filter(|folder| folder.is_dir()) else {
        return Ok(definitions);
    };
    for entry in fs_err::read_dir(folder)? {
        let path = entry?.path();
        let Some(digest) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        definitions.extend(Definition::read(paths, digest));
    }
    Ok(definitions)
}
