//! From a plan to an endpoint that goes on without mlctl, and from one plan to the next.

use k8s_openapi::api::apps::v1::Deployment;

use super::apply::{Standing, apply};
use super::check::{taken, write};
use super::there::{self, name};
use crate::plan::{EndpointPods, Plan};
use crate::runtime::kubernetes::objects::endpoint::{EndpointContext, EndpointManifests};
use crate::runtime::kubernetes::objects::{ManifestContext, label, user_label};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::{self, Record, Submitting, record};
use crate::runtime::{Notice, RuntimeError, SecretValues, SubmitOptions};
use crate::store::RunPaths;
use crate::sys::random_word;

/// Makes all objects of an endpoint, or changes those that are there. When it returns, the endpoint goes
/// on without this process.
pub(crate) fn ensure(
    session: &Session,
    plan: &Plan,
    service: &EndpointPods,
    run: &RunPaths,
    secrets: &SecretValues,
    options: &SubmitOptions,
) -> Result<Vec<Notice>, RuntimeError> {
    let cluster = session.cluster()?;
    let found = session.block_on(record(&cluster, &run.run))?;
    if let Some(found) = &found {
        still_there(session, found, run)?;
    }
    let common = ManifestContext {
        user: match &options.owner {
            Some(owner) => owner.clone(),
            None => session.user()?,
        },
        nonce: random_word(6)?,
        token: random_word(32)?,
        secrets: secrets.clone(),
        resolved: crate::sys::read_own_text(&run.resolved())?,
        record: crate::sys::read_own_text(&run.record())?,
        kind: options.kind.into(),
        ..submit::settings(session)?
    };
    let context = EndpointContext::of(plan, common)
        .map_err(|error| RuntimeError::Refused(vec![error.to_string()]))?;
    let mut made = write(plan, &context)?;
    // The API server gives a Service of this name to whoever applies it last.
    if let Some(reason) = taken(session, plan, service)? {
        return Err(RuntimeError::Refused(vec![reason]));
    }
    fs_err::create_dir_all(run.agents())?;
    for revision in &service.revisions {
        let stores = session.config.stores.with(&revision.plan.gang().storage.buckets);
        session.block_on(submit::send_archive(&revision.plan, &stores))?;
    }
    let deployments = session.block_on(there::deployments(&cluster, &run.run))?;
    let is_revision = |one: &&Deployment| *name(&one.metadata) != *run.run;
    let deployments = deployments.iter().filter(is_revision);
    let deployments = deployments.map(|one| name(&one.metadata).to_owned()).collect();
    let is_new = found.is_none();
    let standing = Standing { record: found, deployments };
    Submitting::begin(run)?;
    let applied = session.block_on(apply(&cluster, &mut made, &run.run, &standing));
    if let Err(error) = applied {
        // What was made is deleted with the record, which owns it. Of an endpoint that was there before
        // everything goes on as it was told last.
        if is_new {
            let _ = session.block_on(cluster.take_back(&made.record));
        }
        Submitting::end(run);
        return Err(error.into());
    }
    save(run, &made)?;
    Submitting::end(run);
    // The notices for the user have come from `check`.
    Ok(Vec::new())
}

/// Refuses to change an endpoint that was ended, or that is another user's.
fn still_there(session: &Session, found: &Record, run: &RunPaths) -> Result<(), RuntimeError> {
    if found.verdict.is_some() || found.cancelled_by.is_some() {
        return Err(RuntimeError::Refused(vec![format!("{} was ended: begin it anew", run.run)]));
    }
    let labels = found.map.metadata.labels.as_ref();
    let owner = labels.and_then(|labels| labels.get(label::USER));
    let own = [user_label(&session.user()?), user_label(&session.config.rendered_by)];
    if owner.is_some_and(|owner| own.contains(owner)) {
        return Ok(());
    }
    Err(RuntimeError::Refused(vec![format!("{} is another user's", run.run)]))
}

/// Keeps the objects as they were made in the run's folder, without what must not be written down.
fn save(run: &RunPaths, made: &EndpointManifests) -> Result<(), RuntimeError> {
    let mut shown = made.clone();
    for one in &mut shown.revisions {
        one.secret.data = None;
    }
    if let Some(secret) = &mut shown.secret {
        secret.data = None;
    }
    submit::save_documents(run, &shown.documents().map_err(std::io::Error::other)?)
}
