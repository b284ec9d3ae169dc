//! The probe pod: made, looked at until it has told something, and removed whatever happens.

use std::time::{Duration, Instant};

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};
use kube::api::{DeleteParams, Preconditions};

use super::within::stopped;
use crate::doctor::{ProbeEnd, Visit};
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::objects::{ManifestContext, ProbeWish, label, probe_job};

/// Between two looks.
const PACE: Duration = Duration::from_millis(300);
/// The scheduler may still find room; a node that is being added takes longer than anybody waits here.
const ROOM_LIMIT: Duration = Duration::from_secs(10);
/// Taking the pod away again takes this long at most.
const REMOVAL_LIMIT: Duration = Duration::from_secs(10);

/// Makes the pod and waits for what it tells; `None` when the user has left. It is gone afterwards,
/// or at the latest when its deadline is over.
pub(crate) async fn run(
    cluster: &Cluster,
    wish: &ProbeWish,
    context: &ManifestContext,
    visit: &Visit,
) -> Result<Option<ProbeEnd>, ClusterError> {
    let job = match cluster.create(&probe_job(wish, context)).await {
        Ok(job) => job,
        Err(ClusterError::Quota(said) | ClusterError::Admission(said)) => {
            return Ok(Some(ProbeEnd::NotMade(said)));
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
    // Else its own deadline ends it.
    let _ = tokio::time::timeout(REMOVAL_LIMIT, gone).await;
    watched
}

async fn watch(
    cluster: &Cluster,
    wish: &ProbeWish,
    context: &ManifestContext,
) -> Result<ProbeEnd, ClusterError> {
    let begin = Instant::now();
    let limit = Duration::from_secs(wish.limit);
    let selector = format!("{}={}", label::RUN, wish.name);
    loop {
        let pod = cluster.list::<Pod>(&selector, "").await?.pop();
        let told = match &pod {
            Some(pod) => of_pod(pod, wish, context, begin.elapsed()),
            None => Told::Waiting("the Job controller has made no pod yet".into()),
        };
        let waiting = match told {
            Told::End(end) => return Ok(end),
            Told::Waiting(what) => what,
        };
        if pod.is_none()
            && let Some(said) = refusal(cluster, &wish.name).await?
        {
            return Ok(ProbeEnd::NotMade(said));
        }
        if begin.elapsed() > limit {
            return Ok(ProbeEnd::Late(waiting));
        }
        tokio::time::sleep(PACE).await;
    }
}

/// Why the controller could make no pod, in the cluster's words.
async fn refusal(cluster: &Cluster, job: &str) -> Result<Option<String>, ClusterError> {
    let fields = format!("involvedObject.kind=Job,involvedObject.name={job},reason=FailedCreate");
    match cluster.list::<Event>("", &fields).await {
        Ok(mut events) => Ok(events.pop().and_then(|event| event.message).map(|said| short(&said))),
        // Without events the limit decides.
        Err(ClusterError::Forbidden { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Without the pod's own name, which says nothing and is another one each time.
fn short(said: &str) -> String {
    let said = said.strip_prefix("Error creating: ").unwrap_or(said);
    match said.split_once(" is forbidden: ") {
        Some((pod, why)) if pod.starts_with("pods ") => why.to_owned(),
        _ => said.to_owned(),
    }
}

enum Told {
    Waiting(String),
    End(ProbeEnd),
}

fn of_pod(pod: &Pod, wish: &ProbeWish, context: &ManifestContext, age: Duration) -> Told {
    let status = pod.status.clone().unwrap_or_default();
    let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_default();
    let mut conditions = status.conditions.iter().flatten();
    if let Some(unplaced) =
        conditions.find(|one| one.type_ == "PodScheduled" && one.status == "False")
    {
        let said = unplaced.message.clone().unwrap_or_default();
        return if age > ROOM_LIMIT {
            Told::End(ProbeEnd::NotPlaced(said))
        } else {
            Told::Waiting(said)
        };
    }
    let containers = status.init_container_statuses.iter().chain(&status.container_statuses);
    let mut waiting = "no node has taken it yet".to_owned();
    for container in containers.flatten() {
        // Nodes write an image's name out; a person knows it as it was given.
        let is_users =
            container.name == crate::runtime::kubernetes::objects::MAIN && wish.image.is_some();
        let image = if is_users {
            wish.image.clone().unwrap_or_default()
        } else {
            context.runner_image.clone()
        };
        match of_container(container, image, &node) {
            Told::End(end) => return Told::End(end),
            Told::Waiting(what) if !what.is_empty() => waiting = what,
            Told::Waiting(_) => {}
        }
    }
    if status.phase.as_deref() == Some("Failed") {
        let said = status.message.or(status.reason).unwrap_or_else(|| "the pod failed".into());
        let image = context.runner_image.clone();
        return Told::End(ProbeEnd::NotRun { image, said });
    }
    Told::Waiting(waiting)
}

fn of_container(container: &ContainerStatus, image: String, node: &str) -> Told {
    let state = container.state.clone().unwrap_or_default();
    if let Some(waiting) = state.waiting {
        let reason = waiting.reason.unwrap_or_default();
        let said = waiting.message.unwrap_or_default();
        return match reason.as_str() {
            "" | "PodInitializing" | "ContainerCreating" => {
                Told::Waiting(format!("{image} is being pulled or started on {node}"))
            }
            // The first failure has the registry's words; a later one says only that it waits.
            "ErrImagePull" | "InvalidImageName" | "ErrImageNeverPull" | "ImagePullBackOff" => {
                Told::End(ProbeEnd::NotPulled { image, said: format!("{reason}: {said}") })
            }
            _ => Told::End(ProbeEnd::NotRun { image, said: format!("{reason}: {said}") }),
        };
    }
    let Some(ended) = state.terminated else { return Told::Waiting(String::new()) };
    let message = ended.message.unwrap_or_default();
    if container.name == crate::runtime::kubernetes::objects::MAIN
        && let Ok(report) = serde_json::from_str(&message)
    {
        return Told::End(ProbeEnd::Ran { node: node.to_owned(), report });
    }
    if container.name == crate::runtime::kubernetes::objects::INIT && ended.exit_code == 0 {
        return Told::Waiting(String::new());
    }
    let reason = ended.reason.unwrap_or_default();
    let said = format!("{reason}, exit code {}: {message}", ended.exit_code);
    Told::End(ProbeEnd::NotRun { image, said })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(status: serde_json::Value, image: Option<&str>) -> Option<ProbeEnd> {
        let pod = json!({"metadata": {}, "spec": {"nodeName": "node1", "containers": []},
            "status": status});
        let pod = serde_json::from_value(pod).unwrap();
        let wish = ProbeWish { image: image.map(str::to_owned), ..ProbeWish::default() };
        let context =
            ManifestContext { runner_image: "r/mlctl:1".into(), ..ManifestContext::default() };
        match of_pod(&pod, &wish, &context, Duration::from_secs(30)) {
            Told::End(end) => Some(end),
            Told::Waiting(_) => None,
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
        assert!(matches!(told(unplaced, None), Some(ProbeEnd::NotPlaced(_))));
        let pull = json!({"waiting": {"reason": "ErrImagePull", "message": "no"}});
        let status = json!({"containerStatuses": [container("main", pull)]});
        let image = |end: Option<ProbeEnd>| match end {
            Some(ProbeEnd::NotPulled { image, .. }) => image,
            other => format!("{other:?}"),
        };
        assert_eq!(image(told(status.clone(), None)), "r/mlctl:1");
        assert_eq!(image(told(status, Some("user:1"))), "user:1");
        let creating = json!({"waiting": {"reason": "ContainerCreating"}});
        let status = json!({"containerStatuses": [container("main", creating)]});
        assert_eq!(told(status, None), None);
        let report =
            json!({"terminated": {"exitCode": 0, "message": "{\"failed\":{\"k\":\"no\"}}"}});
        let status =
            json!({"phase": "Succeeded", "containerStatuses": [container("main", report)]});
        assert!(matches!(told(status, None), Some(ProbeEnd::Ran { .. })));
        let crash = json!({"terminated": {"exitCode": 1, "reason": "Error", "message": ""}});
        let status = json!({"phase": "Failed", "containerStatuses": [container("main", crash)]});
        assert!(matches!(told(status, None), Some(ProbeEnd::NotRun { .. })));
    }

    #[test]
    fn a_refusal_is_shown_without_the_pods_name() {
        let said = "Error creating: pods \"doctor-1-x\" is forbidden: exceeded quota: small";
        assert_eq!(short(said), "exceeded quota: small");
        assert_eq!(short("no service account"), "no service account");
    }
}
