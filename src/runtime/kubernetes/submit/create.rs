//! From a plan to a gang that goes on without mlctl.
//!
//! The record comes first and owns all the rest, the Jobs come last. A submission that dies between
//! two requests has started nothing (several Jobs are made suspended and let go at the end), and
//! deleting its record deletes what it left.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim};
use serde_json::json;
use tokio::task::JoinHandle;

use super::archive::send_archive;
use super::mark::Submitting;
use super::rehearse::{rehearse, rehearse_pods, wants_cpu_limits};
use super::submission::Submission;
use crate::plan::{ClusterLayout, Plan};
use crate::runtime::ClusterError;
use crate::runtime::image::{Known, known};
use crate::runtime::kubernetes::examine::nodes;
use crate::runtime::kubernetes::objects::{
    CodeBundle, ManifestContext, ManifestError, Manifests, annotation, manifests, sentences,
};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{Notice, RuntimeError, SecretValues, SubmitOptions};
use crate::store::{Durability, RunPaths, write_atomic};
use crate::sys::random_word;

/// Looks whether this plan can run here, before anything is created. The error has every reason
/// against it. The cluster is asked whether it would take the pods, since a Job that it takes may never
/// get any; about the other objects only in a rehearsal, since a submission finds that out anyway.
pub(crate) fn check(
    session: &Session,
    plan: &Plan,
    options: &SubmitOptions,
) -> Result<Vec<Notice>, RuntimeError> {
    let context = ManifestContext {
        code: CodeBundle::of(plan).map_err(refused)?,
        user: "-".into(),
        kind: options.kind.into(),
        ..settings(session)?
    };
    let made = write(plan, &context)?;
    // The registry answers while the cluster does.
    let runner = ask_runner(session, &context);
    let mut notices: Vec<Notice> = made.notices.iter().cloned().map(Notice).collect();
    notices.extend(of_machines(options));
    let wrong = missing_claims(session, &made.jobs);
    if !wrong.is_empty() {
        return Err(RuntimeError::Refused(wrong));
    }
    notices.extend(nodes::never_fits(session, plan, &made.jobs));
    let known = session.block_on(runner).unwrap_or(Known::Unknown);
    if let Some(reason) = known.against(&context.runner_image, plan.head.schema_version) {
        return Err(RuntimeError::Refused(vec![reason]));
    }
    if options.rehearse {
        notices.extend(rehearse(session, &made)?);
    }
    let of_pods = rehearse_pods(session, &made.jobs)?;
    // Whoever submits sees what becomes of it.
    notices.extend(of_pods.into_iter().filter(|_| options.rehearse));
    Ok(notices)
}

/// Tells of options that do something where mlctl hands out GPUs itself.
pub(crate) fn of_machines(options: &SubmitOptions) -> impl Iterator<Item = Notice> {
    let waits = "in a cluster a role without its accelerators waits for them";
    let shares = "in a cluster its device plugin says how many pods a GPU is for";
    let given =
        [(options.allow_cpu, "--allow-cpu", waits), (options.share_gpus, "--share-gpus", shares)];
    let given = given.into_iter().filter(|(is_given, ..)| *is_given);
    given.map(|(_, name, why)| Notice(format!("{name} does nothing here: {why}")))
}

/// What the mlctl can read that the pods will take from the runner image.
pub(crate) fn ask_runner(session: &Session, context: &ManifestContext) -> JoinHandle<Known> {
    let image = context.runner_image.clone();
    let architecture = context.architectures.first().map_or("amd64", String::as_str).to_owned();
    let docker_config = session.config.docker_config.clone();
    session.handle().spawn(async move { known(&image, &architecture, &docker_config).await })
}

/// Complains about claims that are not there: pods would wait for them until `startTimeout`. There
/// are no complaints for a user who may not list claims; the cluster will tell then.
pub(crate) fn missing_claims(session: &Session, jobs: &[Job]) -> Vec<String> {
    let pods = jobs.iter().filter_map(|job| job.spec.as_ref()?.template.spec.as_ref());
    let volumes = pods.flat_map(|pod| pod.volumes.iter().flatten());
    let mut names: Vec<&str> = volumes
        .filter_map(|volume| Some(volume.persistent_volume_claim.as_ref()?.claim_name.as_str()))
        .collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Vec::new();
    }
    let Ok(cluster) = session.cluster() else { return Vec::new() };
    let listed = session.block_on(cluster.list_metadata::<PersistentVolumeClaim>(""));
    let Ok(claims) = listed else { return Vec::new() };
    let namespace = &cluster.location.namespace;
    let is_missing = |name: &&str| claims.iter().all(|claim| claim.name.as_deref() != Some(*name));
    let complaint = |name| {
        format!(
            "there is no claim `{name}` in the namespace {namespace}: make it, or name another in \
             `output`, `data` or `volumes`"
        )
    };
    names.into_iter().filter(is_missing).map(complaint).collect()
}

/// What the settings say of all objects, for the namespace that the cluster is asked for.
pub(crate) fn settings(session: &Session) -> Result<ManifestContext, RuntimeError> {
    let context = session.config.manifests.clone().ok_or_else(|| {
        RuntimeError::Refused(vec![
            "no setting `runnerImage`: pods take mlctl from it; make one with `mlctl cluster \
             image`, then write `runnerImage: ...` into the settings file"
                .into(),
        ])
    })?;
    let cluster = session.cluster()?;
    let cpu_limits = session.block_on(wants_cpu_limits(&cluster));
    Ok(ManifestContext { namespace: cluster.location.namespace, cpu_limits, ..context })
}

/// Writes the objects; reasons against them become the runtime's.
fn write(plan: &Plan, context: &ManifestContext) -> Result<Manifests, RuntimeError> {
    manifests(plan, context).map_err(|error| match error {
        ManifestError::Refused(reasons) => RuntimeError::Refused(sentences(&reasons)),
    })
}

fn refused(error: impl std::fmt::Display) -> RuntimeError {
    RuntimeError::Refused(vec![error.to_string()])
}

/// Creates all objects of a run. When it returns, the run goes on without this process.
pub(crate) fn submit(
    session: &Session,
    plan: &Plan,
    run: &RunPaths,
    secrets: &SecretValues,
    options: &SubmitOptions,
) -> Result<Vec<Notice>, RuntimeError> {
    let cluster = session.cluster()?;
    let context = ManifestContext {
        user: match &options.owner {
            Some(owner) => owner.clone(),
            None => session.user()?,
        },
        nonce: random_word(6)?,
        token: random_word(32)?,
        secrets: secrets.clone(),
        code: CodeBundle::of(plan).map_err(refused)?,
        resolved: crate::sys::read_own_text(&run.resolved())?,
        record: crate::sys::read_own_text(&run.record())?,
        kind: options.kind.into(),
        ..settings(session)?
    };
    let mut made = write(plan, &context)?;
    fs_err::create_dir_all(run.agents())?;
    let submission = Submission {
        nonce: context.nonce.clone(),
        layout: ClusterLayout::of(plan),
        jobs: BTreeMap::new(),
        tasks: plan.is_tasks(),
        complete: false,
        archived: false,
    };
    submission.write(run)?;
    write_atomic(&run.token(), context.token.as_bytes(), Durability::Crash)?;
    let stores = session.config.stores.with(&plan.gang().storage.buckets);
    session.block_on(send_archive(plan, &stores))?;
    Submitting::begin(run)?;
    // A watch that is open already shows the Jobs the moment they are made, and only once.
    session.submitted(&run.run)?;
    let created = session.block_on(create(&cluster, &mut made));
    let jobs = match created {
        Ok(jobs) => jobs,
        Err(error) => {
            // What was made is deleted with the record, which owns it. A user without that permission
            // leaves objects behind, and none of them has started anything.
            let _ = session.block_on(cluster.take_back(&made.record));
            Submitting::end(run);
            session.unfollow(&run.run);
            return Err(error.into());
        }
    };
    Submission { jobs, complete: true, ..submission }.write(run)?;
    save_manifests(run, &made)?;
    Submitting::end(run);
    // The notices for the user have come from `check`.
    Ok(Vec::new())
}

/// Creates the objects in an order in which a submission that dies has started nothing. Gives the uids
/// of the Jobs by their names.
async fn create(
    cluster: &crate::runtime::kubernetes::client::Cluster,
    made: &mut Manifests,
) -> Result<BTreeMap<String, String>, ClusterError> {
    let several = made.jobs.len() > 1;
    if several && let Some(annotations) = &mut made.record.metadata.annotations {
        annotations.insert(annotation::SUBMITTED.into(), "false".into());
    }
    let record = cluster.create(&made.record).await?;
    // An owner without a uid is none: what the run has made would stay for ever.
    made.own(&given(record.metadata.uid.as_ref(), "uid")?);
    let maps =
        futures::future::try_join_all(made.config_maps.iter().map(|map| cluster.create(map)));
    futures::try_join!(cluster.create(&made.service), cluster.create_unread(&made.secret), maps)?;
    let uids = |jobs: Vec<Job>| {
        let jobs = jobs.into_iter().filter_map(|job| Some((job.metadata.name?, job.metadata.uid?)));
        jobs.collect()
    };
    if let [job] = &made.jobs[..] {
        return Ok(uids(vec![cluster.create(job).await?]));
    }
    let mut suspended = made.jobs.clone();
    for job in &mut suspended {
        if let Some(spec) = &mut job.spec {
            spec.suspend = Some(true);
        }
    }
    let created = suspended.iter().map(|job| cluster.create(job));
    let created = futures::future::try_join_all(created).await?;
    release(cluster, &record, &made.jobs).await?;
    Ok(uids(created))
}

/// Lets several suspended Jobs go. Once the record is marked, which is the first change, any mlctl
/// that observes the run does the rest if this one dies.
pub(crate) async fn release(
    cluster: &crate::runtime::kubernetes::client::Cluster,
    record: &ConfigMap,
    jobs: &[Job],
) -> Result<(), ClusterError> {
    let name = given(record.metadata.name.as_ref(), "name")?;
    let submitted = json!({"metadata": {"annotations": {annotation::SUBMITTED: "true"}}});
    cluster.change::<ConfigMap>(&name, &submitted).await?;
    let resume = json!({"spec": {"suspend": false}});
    let all = jobs.iter().map(|job| {
        let name = given(job.metadata.name.as_ref(), "name");
        let resume = &resume;
        async move { cluster.change::<Job>(&name?, resume).await }
    });
    futures::future::try_join_all(all).await.map(|_| ())
}

/// A part of an object's metadata that the API server always sets.
pub(crate) fn given(part: Option<&String>, what: &str) -> Result<String, ClusterError> {
    part.cloned().ok_or_else(|| ClusterError::Api(format!("an object, without its {what}")))
}

/// Keeps the objects as they were made in the run's folder, without what must not be written down.
fn save_manifests(run: &RunPaths, made: &Manifests) -> Result<(), RuntimeError> {
    let mut shown = made.clone();
    shown.secret.data = None;
    save_documents(run, &shown.documents().map_err(std::io::Error::other)?)
}

/// Keeps objects, in which nothing stands that must not be written down, in the run's folder.
pub(crate) fn save_documents(
    run: &RunPaths,
    documents: &[serde_json::Value],
) -> Result<(), RuntimeError> {
    let texts: Result<Vec<_>, _> = documents.iter().map(serde_saphyr::to_string).collect();
    let text = texts.map_err(std::io::Error::other)?.join("---\n");
    write_atomic(&run.manifests(), text.as_bytes(), Durability::Crash)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_api_server_must_set_has_no_default() {
        assert_eq!(given(Some(&"u".to_owned()), "uid").unwrap(), "u");
        let error = given(None, "uid").unwrap_err().to_string();
        assert_eq!(error, "the API server says: an object, without its uid");
    }
}
