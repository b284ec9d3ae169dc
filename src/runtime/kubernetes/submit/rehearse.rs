//! What a cluster would say to the objects of a run, asked before anything is made.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod, ResourceQuota};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Api;

use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::access::{self, Need};
use crate::runtime::kubernetes::client::refusal::{is_for_good, needs_of, short};
use crate::runtime::kubernetes::client::{Cluster, is_not_found};
use crate::runtime::kubernetes::follow::{JobFacts, RunFacts};
use crate::runtime::kubernetes::objects::Manifests;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{Notice, RuntimeError};
use crate::text::quantity;

/// The uid of the Job that a rehearsed pod says it belongs to. There is no such Job, and nothing is
/// made that would need one.
const NO_UID: &str = "00000000-0000-4000-8000-000000000000";

/// The quotas have been listed within this time, or a submission goes on without them.
const QUOTA_LIST_LIMIT: Duration = Duration::from_secs(5);

/// Finds out everything that a submission would find out, and creates nothing.
pub(super) fn rehearse(session: &Session, made: &Manifests) -> Result<Vec<Notice>, RuntimeError> {
    let cluster = session.cluster()?;
    may(session, access::SUBMIT)?;
    for job in &made.jobs {
        session.block_on(cluster.rehearse(job))?;
    }
    fits_quotas(session, &made.jobs)
}

/// The user has these permissions, in a namespace that is there.
pub(crate) fn may(session: &Session, needs: &[Need]) -> Result<(), RuntimeError> {
    let cluster = session.cluster()?;
    let missing = session.block_on(access::missing(&cluster, needs))?;
    if let Some(first) = missing.first() {
        let user = session.user()?;
        return Err(ClusterError::Forbidden {
            user,
            verb: first.verb.into(),
            resource: match &missing[1..] {
                [] => first.to_string(),
                more => {
                    let more: Vec<_> =
                        more.iter().map(|need| format!("{} {need}", need.verb)).collect();
                    format!("{first} (nor {})", more.join(", "))
                }
            },
            namespace: cluster.location.namespace.clone(),
        }
        .into());
    }
    let api: Api<Namespace> = Api::all(cluster.client.clone());
    let namespace = cluster.location.namespace.clone();
    let found = session.block_on(cluster.retry(|| api.get(&namespace)));
    if let Err(error) = found
        && is_not_found(&error)
    {
        return Err(cluster.target.explain(error).into());
    }
    Ok(())
}

/// No quota of the namespace is too small for these pods, whatever others use of it.
pub(crate) fn fits_quotas(session: &Session, jobs: &[Job]) -> Result<Vec<Notice>, RuntimeError> {
    let cluster = session.cluster()?;
    let quotas = session.block_on(cluster.list::<ResourceQuota>("", "")).unwrap_or_default();
    let needs = needs(jobs);
    match quotas.iter().find_map(|quota| too_small(quota, &needs)) {
        Some(words) => Err(ClusterError::Quota(words).into()),
        None => Ok(Vec::new()),
    }
}

/// Asks whether the cluster would take pods like those of the run. What it refuses for good is an
/// error; of what may change, and of a user who may not ask, the notices tell.
pub(crate) fn rehearse_pods(session: &Session, jobs: &[Job]) -> Result<Vec<Notice>, RuntimeError> {
    let cluster = session.cluster()?;
    let needs = needs(jobs);
    let mut notices = Vec::new();
    for pod in jobs.iter().filter_map(pod_like) {
        match session.block_on(cluster.rehearse(&pod)) {
            Ok(()) => {}
            // Nothing is wrong with that: the Role of submitters has Jobs make their pods.
            Err(ClusterError::Forbidden { .. }) => {
                notices.push(Notice(
                    "whether the cluster takes the run's pods is asked of it by those alone who can make \
                     pods themselves: if it refuses them, `why` tells"
                        .into(),
                ));
                break;
            }
            Err(ClusterError::Quota(words)) if is_for_good(&words, &needs) => {
                return Err(ClusterError::Quota(short(&words)).into());
            }
            Err(ClusterError::Admission(words)) if is_for_good(&words, &needs) => {
                return Err(ClusterError::Admission(short(&words)).into());
            }
            Err(
                ClusterError::Quota(words)
                | ClusterError::Admission(words)
                | ClusterError::Api(words)
                | ClusterError::Taken(words),
            ) => notices.push(Notice(format!(
                "the cluster would not take the run's pods now, and they would wait: {}",
                short(&words)
            ))),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(notices)
}

/// A quota of the namespace wants a limit for the CPU, without which pods have none. A user who may
/// not list quotas learns of it when a pod is refused.
pub(super) async fn wants_cpu_limits(cluster: &Cluster) -> bool {
    let listed = cluster.list::<ResourceQuota>("", "");
    let Ok(Ok(quotas)) = tokio::time::timeout(QUOTA_LIST_LIMIT, listed).await else { return false };
    quotas.iter().any(|quota| hard(quota).any(|(resource, _)| resource == "limits.cpu"))
}

/// What all pods of the run ask for together.
fn needs(jobs: &[Job]) -> BTreeMap<String, f64> {
    let mut facts = RunFacts::default();
    for job in jobs {
        facts.update_job(JobFacts::of(job));
    }
    facts.needs()
}

/// What a quota allows, by resource.
fn hard(quota: &ResourceQuota) -> impl Iterator<Item = (&str, &str)> {
    let hard = quota.spec.as_ref().and_then(|spec| spec.hard.as_ref());
    hard.into_iter().flatten().map(|(resource, amount)| (resource.as_str(), amount.0.as_str()))
}

/// Says that a quota is too small for the run, whatever others use of it; `None` where it is not, and
/// of a quota for some pods only.
fn too_small(quota: &ResourceQuota, needs: &BTreeMap<String, f64>) -> Option<String> {
    let spec = quota.spec.as_ref()?;
    if spec.scopes.as_ref().is_some_and(|scopes| !scopes.is_empty())
        || spec.scope_selector.is_some()
    {
        return None;
    }
    let (resource, amount) = hard(quota).find(|(resource, amount)| {
        quantity(amount).is_some_and(|hard| needs_of(needs, resource) > hard)
    })?;
    let name = quota.metadata.name.as_deref().unwrap_or_default();
    Some(format!(
        "exceeded quota: {name}, limited: {resource}={amount}, and the run needs {} by itself",
        needs_of(needs, resource)
    ))
}

/// A pod as the Job's controller will make it.
fn pod_like(job: &Job) -> Option<Pod> {
    let template = job.spec.as_ref()?.template.clone();
    let name = job.metadata.name.clone()?;
    let mut metadata = template.metadata.unwrap_or_default();
    metadata.name = Some(format!("{name}-0-check"));
    metadata.namespace.clone_from(&job.metadata.namespace);
    let of_job = |key: &str, value: &str| (format!("batch.kubernetes.io/{key}"), value.to_owned());
    metadata.labels.get_or_insert_default().extend([
        of_job("job-name", &name),
        of_job("controller-uid", NO_UID),
        of_job("job-completion-index", "0"),
    ]);
    metadata.annotations.get_or_insert_default().extend([of_job("job-completion-index", "0")]);
    // Some clusters refuse pods that nothing controls.
    metadata.owner_references = Some(vec![OwnerReference {
        api_version: "batch/v1".into(),
        kind: "Job".into(),
        name,
        uid: NO_UID.into(),
        controller: Some(true),
        block_owner_deletion: None,
    }]);
    Some(Pod { metadata, spec: template.spec, status: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_quota_is_too_small_for_the_run_alone() {
        let quota = |spec: serde_json::Value| -> ResourceQuota {
            serde_json::from_value(json!({"metadata": {"name": "q"}, "spec": spec})).unwrap()
        };
        let needs = BTreeMap::from([("pods".to_owned(), 2.0), ("memory".to_owned(), 2e9)]);
        let said = too_small(&quota(json!({"hard": {"requests.memory": "1Gi"}})), &needs).unwrap();
        assert!(said.contains("requests.memory=1Gi"), "{said}");
        assert!(too_small(&quota(json!({"hard": {"pods": "2"}})), &needs).is_none());
        let some = quota(json!({"hard": {"pods": "1"}, "scopes": ["BestEffort"]}));
        assert!(too_small(&some, &needs).is_none(), "it is about other pods");
    }

    #[test]
    fn a_pod_belongs_to_its_job() {
        let job = serde_json::from_value(json!({"metadata": {"name": "a", "namespace": "ml"},
            "spec": {"template": {"spec": {"containers": []}}}}));
        let pod = pod_like(&job.unwrap()).unwrap();
        assert_eq!(pod.metadata.namespace.as_deref(), Some("ml"));
        assert_eq!(pod.metadata.owner_references.unwrap()[0].controller, Some(true));
    }
}
