//! What runs hold in a namespace, by labels alone, and its removal.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret, Service};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{DeleteParams, Preconditions};

use super::nodes;
use crate::gang::RunId;
use crate::hardware::Requests;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::objects::endpoint::HTTP_ROUTE;
use crate::runtime::kubernetes::objects::{annotation, label, user_label};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{Holding, Holdings, another_users};
use crate::runtime::{Notice, RuntimeError};

/// What endpoints have beside Deployments and what every run has, by version and kind.
const OF_ENDPOINTS: [(&str, &str); 8] = [
    ("autoscaling/v2", "HorizontalPodAutoscaler"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "Ingress"),
    HTTP_ROUTE,
    ("coordination.k8s.io/v1", "Lease"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("v1", "ServiceAccount"),
];

/// All objects of runs in the namespace, whoever has submitted them.
pub(crate) fn holdings(session: &Session) -> Result<Holdings, RuntimeError> {
    selected(session, &format!("{}={},{}", label::MANAGED_BY, label::MLCTL, label::RUN))
}

/// All objects of one run.
pub(crate) fn of_run(session: &Session, run: &RunId) -> Result<Holdings, RuntimeError> {
    selected(session, &format!("{}={},{}={run}", label::MANAGED_BY, label::MLCTL, label::RUN))
}

/// The name of the other user whose run it is; `None` where it is this user's.
pub(crate) fn another_owner(
    session: &Session,
    run: &RunId,
) -> Result<Option<String>, RuntimeError> {
    let held = of_run(session, run)?.things;
    let unnamed = || "another user".to_owned();
    Ok(another_users(&held).map(|one| one.owner.clone().unwrap_or_else(unnamed)))
}

/// All objects that a selector of labels matches.
fn selected(session: &Session, selector: &str) -> Result<Holdings, RuntimeError> {
    let cluster = session.cluster()?;
    let me = session.own_labels()?;
    let mut found = Holdings::default();
    // Records before what belongs to them, so that a run that is submitted meanwhile doesn't look
    // like objects without a record. Of a Secret the metadata alone is read.
    session.block_on(async {
        let maps = cluster.list_metadata::<ConfigMap>(selector).await;
        take(&mut found, "ConfigMaps", maps, |meta| {
            let record = meta.labels.as_ref().is_some_and(|all| all.contains_key(label::RECORD));
            let map = thing("ConfigMap", meta, &me)?;
            // Any object may carry the label: a run's record has the run's name too.
            Some(Holding { is_record: record && *map.run == *map.name, ..map })
        })?;
        let jobs = cluster.list::<Job>(selector, "").await;
        take(&mut found, "Jobs", jobs, |job| job_of(&job, &me))?;
        let pods = cluster.list::<Pod>(selector, "").await;
        take(&mut found, "Pods", pods, |pod| pod_of(&pod, &me))?;
        let deployments = cluster.list::<Deployment>(selector, "").await;
        take(&mut found, "Deployments", deployments, |one| deployment_of(&one, &me))?;
        let others = OF_ENDPOINTS.map(|kind| cluster.list_any(kind, selector));
        let others = futures::future::join_all(others).await;
        for (kind, some) in OF_ENDPOINTS.into_iter().zip(others) {
            // They cost nothing, and go with the record that owns them: who may not look misses nothing.
            if !matches!(some, Err(ClusterError::Forbidden { .. })) {
                take(&mut found, kind.1, some, |one| thing(kind.1, one.metadata, &me))?;
            }
        }
        let services = cluster.list_metadata::<Service>(selector).await;
        take(&mut found, "Services", services, |meta| thing("Service", meta, &me))?;
        let secrets = cluster.list_metadata::<Secret>(selector).await;
        // Most users may not look at Secrets, and need not: one goes with the record that owns it.
        if matches!(secrets, Err(ClusterError::Forbidden { .. })) {
            found.unseen.extend(secrets_that_stay(&found.things));
            return Ok(());
        }
        take(&mut found, "Secrets", secrets, |meta| thing("Secret", meta, &me))
    })?;
    Ok(found)
}

/// Deletes one object, if it is still the one that was found.
pub(crate) fn discard(session: &Session, holding: &Holding) -> Result<(), RuntimeError> {
    let cluster = session.cluster()?;
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: Some(holding.uid.clone()),
            resource_version: None,
        }),
        ..DeleteParams::background()
    };
    let name = &holding.name;
    let deleted = session.block_on(async {
        match holding.kind.as_str() {
            "Deployment" => cluster.delete::<Deployment>(name, &params).await,
            "Job" => cluster.delete::<Job>(name, &params).await,
            "Pod" => cluster.delete::<Pod>(name, &params).await,
            "Service" => cluster.delete::<Service>(name, &params).await,
            "Secret" => cluster.delete::<Secret>(name, &params).await,
            kind => match OF_ENDPOINTS.into_iter().find(|known| known.1 == kind) {
                Some(known) => cluster.delete_any(known, name, &params).await,
                None => cluster.delete::<ConfigMap>(name, &params).await,
            },
        }
    });
    Ok(deleted?)
}

/// What to know of Secrets that this user doesn't see and that no record takes along: those of runs
/// whose other objects have no owner either, since kubectl made them or somebody took it away.
fn secrets_that_stay(things: &[Holding]) -> Option<Notice> {
    let alone = things
        .iter()
        .filter(|one| ["Job", "Deployment"].contains(&one.kind.as_str()) && !one.is_owned);
    let mut runs: Vec<&str> = alone.map(|one| one.run.as_str()).collect();
    runs.sort_unstable();
    runs.dedup();
    let label = label::RUN;
    let which = match runs.as_slice() {
        [] => return None,
        [run] => format!("-l {label}={run}"),
        runs => format!("-l '{label} in ({})'", runs.join(",")),
    };
    Some(Notice(format!(
        "Secrets of runs that mlctl did not submit are not looked at, and stay; who may delete them: \
         kubectl delete secrets {which}"
    )))
}

/// Takes in the objects of one kind. Of a kind that this user may not list, a notice says so.
fn take<T>(
    found: &mut Holdings,
    kinds: &str,
    listed: Result<Vec<T>, ClusterError>,
    of: impl Fn(T) -> Option<Holding>,
) -> Result<(), ClusterError> {
    match listed {
        Ok(all) => found.things.extend(all.into_iter().filter_map(of)),
        Err(error @ ClusterError::Forbidden { .. }) => {
            found.unseen.push(Notice(format!("{kinds} are not looked at: {error}")));
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// What the metadata of any object says. `me` are the labels of this user. `None` for an object whose
/// label can't be a run: mlctl made no such object.
fn thing(kind: &str, meta: ObjectMeta, me: &[String]) -> Option<Holding> {
    let labels = meta.labels.unwrap_or_default();
    let time =
        |time: Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>| -> Option<Timestamp> {
            time.map(|time| time.0)
        };
    let user = labels.get(label::USER);
    let foreign = user.is_none_or(|user| !me.contains(user));
    // A name that isn't the label's proves nothing.
    let named = meta.annotations.and_then(|mut all| all.remove(annotation::USER));
    let named = named.filter(|name| foreign && user.is_some_and(|user| user_label(name) == *user));
    Some(Holding {
        foreign,
        owner: named,
        uid: meta.uid.unwrap_or_default(),
        since: time(meta.creation_timestamp),
        is_owned: meta.owner_references.is_some_and(|owners| !owners.is_empty()),
        going: time(meta.deletion_timestamp),
        held_by: meta.finalizers.unwrap_or_default(),
        ..Holding::new(labels.get(label::RUN)?.parse().ok()?, kind, meta.name.unwrap_or_default())
    })
}

/// A Job, which runs while it has active pods.
fn job_of(job: &Job, me: &[String]) -> Option<Holding> {
    let active = job.status.as_ref().and_then(|status| status.active).unwrap_or(0);
    Some(Holding { runs: active > 0, ..thing("Job", job.metadata.clone(), me)? })
}

/// A Deployment, which runs while it is to have pods.
fn deployment_of(deployment: &Deployment, me: &[String]) -> Option<Holding> {
    let wanted = deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1);
    Some(Holding { runs: wanted > 0, ..thing("Deployment", deployment.metadata.clone(), me)? })
}

/// A pod. It keeps its resources from others from the moment that it has a node until its end.
fn pod_of(pod: &Pod, me: &[String]) -> Option<Holding> {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let over = matches!(phase, Some("Succeeded" | "Failed"));
    let spec = pod.spec.as_ref();
    let placed = spec.is_some_and(|spec| spec.node_name.is_some());
    let taken = spec.filter(|_| placed && !over).map(nodes::requests).unwrap_or_default();
    let requests = requests(taken);
    Some(Holding { runs: !over, requests, ..thing("Pod", pod.metadata.clone(), me)? })
}

/// The amounts that a pod takes of a node, by what they are.
fn requests(taken: BTreeMap<String, f64>) -> Requests {
    let mut all = Requests::default();
    for (name, amount) in taken {
        match name.as_str() {
            "cpu" => all.cpu = amount,
            "memory" => all.memory = amount as u64,
            // Names with a domain are extended resources: accelerators, mostly.
            name if name.contains('/') => {
                all.accelerators.insert(name.into(), amount as u64);
            }
            _ => {}
        }
    }
    all
}
