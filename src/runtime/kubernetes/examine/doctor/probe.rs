//! The probe pod: made, looked at until it has told something, and removed whatever happens.

use std::time::{Duration, Instant};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};
use kube::api::{DeleteParams, Preconditions};

use super::within::stopped;
use crate::doctor::{ProbeEnd, Visit};
use crate::event::WaitingReason;
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::client::refusal::short;
use crate::runtime::kubernetes::objects::{ManifestContext, ProbeWish, label, probe_job};

/// The pause between two requests for the pod.
const POD_CHECK_PACE: Duration = Duration::from_millis(300);
/// The scheduler has found room within this time, or there is none. A node that is being added
/// takes longer than anybody waits here.
const PLACEMENT_LIMIT: Duration = Duration::from_secs(10);
/// The API server has taken the deletion within this time, or the deadline of the Job ends the pod.
const POD_REMOVAL_LIMIT: Duration = Duration::from_secs(10);

/// A node's word for pull secrets that it has not found.
const NO_PULL_SECRET: &str = "FailedToRetrieveImagePullSecret";

/// What a probe pod has shown.
pub(crate) struct Shown {
    /// How far it came.
    pub(crate) end: ProbeEnd,
    /// What its node said of pull secrets that are not there: users may not look at Secrets.
    pub(crate) no_pull_secret: Option<String>,
}

impl From<ProbeEnd> for Shown {
    fn from(end: ProbeEnd) -> Self {
        Self { end, no_pull_secret: None }
    }
}

/// Makes the pod and waits until it has come to its end or can't get further; `None` when the user
/// has left. The pod is deleted afterwards whatever happens, at the latest by the deadline of its
/// Job.
pub(crate) async fn run(
    cluster: &Cluster,
    wish: &ProbeWish,
    context: &ManifestContext,
    visit: &Visit,
) -> Result<Option<Shown>, ClusterError> {
    let job = match cluster.create(&probe_job(wish, context)).await {
        Ok(job) => job,
        Err(ClusterError::Quota(message) | ClusterError::Admission(message)) => {
            return Ok(Some(ProbeEnd::NotMade(message).into()));
        }
        Err(error) => return Err(error),
    };
    let watched = tokio::select! {
        end = watch(cluster, wish, context) => end.map(Some),
        () = stopped(visit) => Ok(None),
    };
    let params = DeleteParams {
        preconditions: Some(Preconditions { uid: job.metadata.uid, resource_version: None }),
        ..DeleteParams::background()
    };
    let gone = cluster.delete::<Job>(&wish.name, &params);
    // A deletion that fails or takes too long is left to the deadline of the Job.
    let _ = tokio::time::timeout(POD_REMOVAL_LIMIT, gone).await;
    watched
}

/// Follows the pod until it has come to its end, or until the time is over.
async fn watch(
    cluster: &Cluster,
    wish: &ProbeWish,
    context: &ManifestContext,
) -> Result<Shown, ClusterError> {
    let begin = Instant::now();
    let limit = Duration::from_secs(wish.limit);
    let selector = format!("{}={}", label::RUN, wish.name);
    loop {
        let pod = cluster.list::<Pod>(&selector, "").await?.pop();
        let state = match &pod {
            Some(pod) => of_pod(pod, wish, context, begin.elapsed()),
            None => PodState::Waiting("the Job controller has made no pod yet".into()),
        };
        let waiting = match state {
            PodState::End(end) => {
                let name = pod.and_then(|pod| pod.metadata.name).unwrap_or_default();
                let no_pull_secret = event(cluster, "Pod", &name, NO_PULL_SECRET).await?;
                return Ok(Shown { end, no_pull_secret });
            }
            PodState::Waiting(what) => what,
        };
        if pod.is_none()
            && let Some(message) =
                event(cluster, "Job", &wish.name, WaitingReason::FailedCreate.as_str()).await?
        {
            return Ok(ProbeEnd::NotMade(short(&message)).into());
        }
        if begin.elapsed() > limit {
            return Ok(ProbeEnd::Late(waiting).into());
        }
        tokio::time::sleep(POD_CHECK_PACE).await;
    }
}

/// What the cluster says of an object for this reason, such as why the Job controller may make no
/// pod; `None` when no event says it.
async fn event(
    cluster: &Cluster,
    kind: &str,
    name: &str,
    reason: &str,
) -> Result<Option<String>, ClusterError> {
    let fields = format!("involvedObject.kind={kind},involvedObject.name={name},reason={reason}");
    match cluster.list::<Event>("", &fields).await {
        Ok(mut events) => Ok(events.pop().and_then(|event| event.message)),
        // A user who may not read events waits until the time is over.
        Err(ClusterError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// How far a pod has come.
enum PodState {
    /// It waits for this.
    Waiting(String),
    /// It has come to its end, or can't get further.
    End(ProbeEnd),
}

/// How far the pod has come; `age` is how long mlctl has waited.
fn of_pod(pod: &Pod, wish: &ProbeWish, context: &ManifestContext, age: Duration) -> PodState {
    let status = pod.status.clone().unwrap_or_default();
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_default();
    let mut conditions = status.conditions.iter().flatten();
    if let Some(unplaced) =
        conditions.find(|one| one.type_ == "PodScheduled" && one.status == "False")
    {
        let message = unplaced.message.clone().unwrap_or_default();
        return if age > PLACEMENT_LIMIT {
            PodState::End(ProbeEnd::NotPlaced(message))
        } else {
            PodState::Waiting(message)
        };
    }
    let containers = status.init_container_statuses.iter().chain(&status.container_statuses);
    let mut waiting = "no node has taken it yet".to_owned();
    for container in containers.flatten() {
        // A node writes the name of an image out in full, and a person knows it as it was given.
        let is_users =
            container.name == crate::runtime::kubernetes::objects::MAIN && wish.image.is_some();
        let image = if is_users {
            wish.image.clone().unwrap_or_default()
        } else {
            context.runner_image.clone()
        };
        match of_container(container, image, &node) {
            PodState::End(end) => return PodState::End(end),
            PodState::Waiting(what) if !what.is_empty() => waiting = what,
            PodState::Waiting(_) => {}
        }
    }
    if status.phase.as_deref() == Some("Failed") {
        let message = status.message.or(status.reason).unwrap_or_else(|| "the pod failed".into());
        let image = context.runner_image.clone();
        return PodState::End(ProbeEnd::NotRun { image, message });
    }
    PodState::Waiting(waiting)
}

/// How far one container has come. `image` is its image as the user knows it.
fn of_container(container: &ContainerStatus, image: String, node: &str) -> PodState {
    let state = container.state.clone().unwrap_or_default();
    if let Some(waiting) = state.waiting {
        let reason = waiting.reason.filter(|word| !word.is_empty()).map(WaitingReason::from);
        let Some(reason) = reason.filter(|reason| !reason.is_progress()) else {
            return PodState::Waiting(format!("{image} is being pulled or started on {node}"));
        };
        let message = format!("{reason}: {}", waiting.message.unwrap_or_default());
        return PodState::End(if reason.is_about_image() {
            ProbeEnd::NotPulled { image, message }
        } else {
            ProbeEnd::NotRun { image, message }
        });
    }
    let Some(ended) = state.terminated else { return PodState::Waiting(String::new()) };
    let message = ended.message.unwrap_or_default();
    if container.name == crate::runtime::kubernetes::objects::MAIN
        && let Ok(report) = serde_json::from_str(&message)
    {
        return PodState::End(ProbeEnd::Ran { node: node.to_owned(), report });
    }
    if container.name == crate::runtime::kubernetes::objects::INIT && ended.exit_code == 0 {
        return PodState::Waiting(String::new());
    }
    let reason = ended.reason.unwrap_or_default();
    let message = format!("{reason}, exit code {}: {message}", ended.exit_code);
    PodState::End(ProbeEnd::NotRun { image, message })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn end_of(status: serde_json::Value, image: Option<&str>) -> Option<ProbeEnd> {
        let pod = json!({"metadata": {}, "spec": {"nodeName": "node1", "containers": []},
            "status": status});
        let pod = serde_json::from_value(pod).unwrap();
        let wish = ProbeWish { image: image.map(str::to_owned), ..ProbeWish::default() };
        let context =
            ManifestContext { runner_image: "r/mlctl:1".into(), ..ManifestContext::default() };
        match of_pod(&pod, &wish, &context, Duration::from_secs(30)) {
            PodState::End(end) => Some(end),
            PodState::Waiting(_) => None,
        }
    }

    fn container(name: &str, state: serde_json::Value) -> serde_json::Value {
        json!({"name": name, "image": "x", "imageID": "", "ready": false, "restartCount": 0,
            "state": state})
    }

    #[test]
    fn stages_are_told_apart() {
        let unplaced = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled",
            "status": "False", "message": "0/2 nodes are available"}]});
        assert!(matches!(end_of(unplaced, None), Some(ProbeEnd::NotPlaced(_))));
        let pull = json!({"waiting": {"reason": "ErrImagePull", "message": "no"}});
        let status = json!({"containerStatuses": [container("main", pull)]});
        let image = |end: Option<ProbeEnd>| match end {
            Some(ProbeEnd::NotPulled { image, .. }) => image,
            other => format!("{other:?}"),
        };
        assert_eq!(image(end_of(status.clone(), None)), "r/mlctl:1");
        assert_eq!(image(end_of(status, Some("user:1"))), "user:1");
        let creating = json!({"waiting": {"reason": "ContainerCreating"}});
        let status = json!({"containerStatuses": [container("main", creating)]});
        assert_eq!(end_of(status, None), None);
        let report =
            json!({"terminated": {"exitCode": 0, "message": "{\"failed\":{\"k\":\"no\"}}"}});
        let status =
            json!({"phase": "Succeeded", "containerStatuses": [container("main", report)]});
        assert!(matches!(end_of(status, None), Some(ProbeEnd::Ran { .. })));
        let crash = json!({"terminated": {"exitCode": 1, "reason": "Error", "message": ""}});
        let status = json!({"phase": "Failed", "containerStatuses": [container("main", crash)]});
        assert!(matches!(end_of(status, None), Some(ProbeEnd::NotRun { .. })));
    }
}
