//! Whether an endpoint can be in a cluster, asked before anything of it is made.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::Service;
use kube::Resource;

use super::there;
use crate::plan::{EndpointPods, Plan};
use crate::runtime::image::Known;
use crate::runtime::kubernetes::client::access::{Need, SERVE};
use crate::runtime::kubernetes::examine::nodes;
use crate::runtime::kubernetes::objects::endpoint::{
    EndpointContext, EndpointManifests, HTTP_ROUTE, endpoint_manifests,
};
use crate::runtime::kubernetes::objects::{ManifestContext, ManifestError, label, sentences};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit;
use crate::runtime::{ClusterError, Notice, RuntimeError, SubmitOptions};

/// Looks whether this endpoint can be here, before anything is made or changed. The error has every reason
/// against it.
pub(crate) fn check(
    session: &Session,
    plan: &Plan,
    service: &EndpointPods,
    options: &SubmitOptions,
) -> Result<Vec<Notice>, RuntimeError> {
    let common = ManifestContext {
        user: "-".into(),
        kind: options.kind.into(),
        ..submit::settings(session)?
    };
    let context = EndpointContext::of(plan, common)
        .map_err(|error| RuntimeError::Refused(vec![error.to_string()]))?;
    let made = write(plan, &context)?;
    // The registry answers while the cluster does.
    let runner = submit::ask_runner(session, &context.common);
    let mut notices: Vec<Notice> = made.notices.iter().cloned().map(Notice).collect();
    notices.extend(submit::of_machines(options));
    let jobs: Vec<Job> = made.revisions.iter().map(|one| like_job(&one.deployment)).collect();
    let mut wrong = submit::missing_claims(session, &jobs);
    wrong.extend(taken(session, plan, service)?);
    if !wrong.is_empty() {
        return Err(RuntimeError::Refused(wrong));
    }
    for (revision, job) in service.revisions.iter().zip(&jobs) {
        notices.extend(nodes::never_fits(session, &revision.plan, std::slice::from_ref(job)));
    }
    let known = session.block_on(runner).unwrap_or(Known::Unknown);
    let version = service.revisions.iter().map(|one| one.plan.head.schema_version);
    let version = version.fold(plan.head.schema_version, u32::max);
    if let Some(reason) = known.against(&context.common.runner_image, version) {
        return Err(RuntimeError::Refused(vec![reason]));
    }
    if options.rehearse {
        notices.extend(rehearse(session, &made, &jobs)?);
    }
    let of_pods = submit::rehearse_pods(session, &jobs)?;
    // Whoever submits sees what becomes of it.
    notices.extend(of_pods.into_iter().filter(|_| options.rehearse));
    Ok(notices)
}

/// Writes the objects; reasons against them become the runtime's.
pub(super) fn write(
    plan: &Plan,
    context: &EndpointContext,
) -> Result<EndpointManifests, RuntimeError> {
    endpoint_manifests(plan, context).map_err(|error| match error {
        ManifestError::Refused(reasons) => RuntimeError::Refused(sentences(&reasons)),
    })
}

/// Says that the name by which callers would reach the endpoint is somebody else's.
pub(super) fn taken(
    session: &Session,
    plan: &Plan,
    service: &EndpointPods,
) -> Result<Option<String>, RuntimeError> {
    let cluster = session.cluster()?;
    let found: Option<Service> = match session.block_on(cluster.find(&service.address)) {
        // Who may not look learns of it when the Service is made.
        Err(ClusterError::Forbidden { .. }) => return Ok(None),
        found => found?,
    };
    let Some(found) = found else { return Ok(None) };
    let of = found.meta().labels.as_ref().and_then(|labels| labels.get(label::RUN));
    if of.is_some_and(|run| *run == *plan.head.run)
        && there::is_own(&found.metadata, &plan.head.run)
    {
        return Ok(None);
    }
    let whose = of.map_or_else(|| "not mlctl's".to_owned(), |run| format!("of {run}"));
    let (name, namespace) = (&service.address, &cluster.location.namespace);
    Ok(Some(format!(
        "name: there is a Service `{name}` in the namespace {namespace} already, and it is {whose}: \
         choose another name"
    )))
}

/// Finds out what an application would find out, and makes nothing.
fn rehearse(
    session: &Session,
    made: &EndpointManifests,
    jobs: &[Job],
) -> Result<Vec<Notice>, RuntimeError> {
    let needs: Vec<Need> = SERVE.iter().filter(|need| is_needed(need, made)).copied().collect();
    submit::may(session, &needs)?;
    let cluster = session.cluster()?;
    session.block_on(async {
        cluster.rehearse_apply(&made.service).await?;
        if let Some(way) = &made.way {
            cluster.apply_json(way, true).await?;
        }
        for one in &made.revisions {
            cluster.rehearse_apply(&one.deployment).await?;
        }
        cluster.rehearse_apply(&made.routers).await
    })?;
    submit::fits_quotas(session, jobs)
}

/// Not every endpoint has an object of each kind.
fn is_needed(need: &Need, made: &EndpointManifests) -> bool {
    let way = made.way.as_ref().and_then(|way| way["kind"].as_str());
    match need.resource {
        "poddisruptionbudgets" => made.budget.is_some(),
        "horizontalpodautoscalers" => made.revisions.iter().any(|one| one.scaler.is_some()),
        "ingresses" => way == Some("Ingress"),
        "httproutes" => way == Some(HTTP_ROUTE.1),
        _ => true,
    }
}

/// A revision's pods as those of a Job, which is what is known of asking about pods.
fn like_job(deployment: &Deployment) -> Job {
    let spec = deployment.spec.clone().unwrap_or_default();
    Job {
        metadata: deployment.metadata.clone(),
        spec: Some(JobSpec {
            completions: spec.replicas,
            parallelism: spec.replicas,
            template: spec.template,
            ..JobSpec::default()
        }),
        status: None,
    }
}
