//! Nodes and the pods that hold their accelerators: read for `gpus`, and before a submission.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{self as core, Container, Pod, PodSpec, ResourceRequirements};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::Api;
use kube::api::ListParams;

use crate::hardware::accelerator::{CustomAccelerators, placement};
use crate::hardware::gpus::{Holder, Need, Node, NodeState, Taint, fit, inventory};
use crate::plan::{ClusterLayout, Plan};
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::{AdminRole, ClusterScope};
use crate::runtime::kubernetes::objects::{annotation, label};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::{GpuView, Notice, RuntimeError};
use crate::text::quantity;

/// The list of nodes has come within this time, or a submission goes on without it.
const NODE_LIST_LIMIT: Duration = Duration::from_secs(3);

/// The selector of pods that have not ended: those that have hold nothing.
const NOT_ENDED: &str = "status.phase!=Succeeded,status.phase!=Failed";

/// Who has which accelerators of the cluster, as far as this user may look. What they may not look
/// at is in `unseen`.
pub(crate) fn gpus(session: &Session) -> Result<GpuView, RuntimeError> {
    let cluster = session.cluster()?;
    let custom = custom(session);
    let mut unseen = Vec::new();
    let nodes = match session.block_on(cluster.list_everywhere::<core::Node>("")) {
        Ok(nodes) => Some(nodes.iter().map(node).collect::<Vec<_>>()),
        Err(error @ ClusterError::Forbidden { .. }) => {
            unseen.push(missing_role(
                &error,
                "nodes",
                ClusterScope::Nodes,
                &cluster.location.namespace,
            ));
            None
        }
        Err(error) => return Err(error.into()),
    };
    let (pods, all_pods) = match session.block_on(cluster.list_everywhere::<Pod>(NOT_ENDED)) {
        Ok(pods) => (pods, true),
        Err(error @ ClusterError::Forbidden { .. }) => {
            let what = "pods of all namespaces";
            unseen.push(missing_role(
                &error,
                what,
                ClusterScope::Pods,
                &cluster.location.namespace,
            ));
            match session.block_on(cluster.list::<Pod>("", NOT_ENDED)) {
                Err(error @ ClusterError::Forbidden { .. }) if nodes.is_some() => {
                    let role = AdminRole::Viewer.name();
                    unseen.push(Notice(format!("{error}; the Role {role} has that permission")));
                    (Vec::new(), false)
                }
                here => (here?, false),
            }
        }
        Err(error) => return Err(error.into()),
    };
    let holders: Vec<Holder> = pods.iter().map(holder).collect();
    let gpus = inventory(nodes.as_deref(), &holders, all_pods, &custom);
    Ok(GpuView::Cluster { gpus, unseen })
}

/// Says which ClusterRole a user needs to list `what`. The cluster's own refusal wouldn't help: it
/// names no namespace, since the permission is one for the whole cluster.
fn missing_role(error: &ClusterError, what: &str, scope: ClusterScope, namespace: &str) -> Notice {
    let user = match error {
        ClusterError::Forbidden { user, .. } => user.as_str(),
        _ => "this user",
    };
    Notice(format!(
        "{user} may not list {what}; the ClusterRole {} has that permission, and an admin gives it: \
         mlctl cluster manifests --for-namespace {namespace} --user {user} --see {} --roles-only | \
         kubectl apply -f -",
        scope.name(),
        scope.word()
    ))
}

/// The types of accelerators that the settings add.
fn custom(session: &Session) -> CustomAccelerators {
    session.config.manifests.as_ref().map_or_else(Default::default, |all| all.accelerators.clone())
}

/// Says which pods no node could ever hold. These are notices and no reason against a submission,
/// since nodes may be added by people, or by an autoscaler that no label tells of. A user who may
/// not list nodes gets none.
pub(crate) fn never_fits(session: &Session, plan: &Plan, jobs: &[Job]) -> Vec<Notice> {
    let Ok(cluster) = session.cluster() else { return Vec::new() };
    let api: Api<core::Node> = Api::all(cluster.client.clone());
    // The API server may answer from its memory, which is fast and exact enough.
    let params = ListParams::default().match_any();
    let listed =
        session.block_on(async { tokio::time::timeout(NODE_LIST_LIMIT, api.list(&params)).await });
    let Ok(Ok(listed)) = listed else { return Vec::new() };
    let nodes: Vec<Node> = listed.items.iter().map(node).collect();
    let custom = custom(session);
    let needs = jobs.iter().filter_map(|job| need(plan, job, &custom));
    needs.filter_map(|need| fit(&need, &nodes, &custom).say(&need, &nodes)).map(Notice).collect()
}

/// What a Job's pods need of a node, by the Job as it is written, so that a `podPatch` counts.
/// `None` for a Job that is not of this plan.
fn need(plan: &Plan, job: &Job, custom: &CustomAccelerators) -> Option<Need> {
    let spec = job.spec.as_ref()?;
    let pod = spec.template.spec.as_ref()?;
    let layout = ClusterLayout::of(plan);
    let job_layout =
        layout.jobs.iter().find(|one| Some(&one.name) == job.metadata.name.as_ref())?;
    let mut roles: Vec<&str> = job_layout.replicas.iter().map(|one| one.role.as_str()).collect();
    roles.dedup();
    let first = plan.gang().roles.iter().find(|role| roles.first() == Some(&role.name.as_str()));
    let wanted = first.and_then(|role| role.accelerators.as_ref());
    let affinity = pod.affinity.as_ref().and_then(|affinity| affinity.node_affinity.as_ref());
    let required = affinity
        .and_then(|affinity| affinity.required_during_scheduling_ignored_during_execution.as_ref());
    Some(Need {
        who: format!("role {}", roles.join(" and ")),
        replicas: u32::try_from(spec.completions.unwrap_or(1)).unwrap_or(1),
        accelerator: wanted.and_then(|wanted| {
            let placed = placement(&wanted.kind, custom).ok()?;
            let known = crate::hardware::accelerator::find(&wanted.kind);
            let kind = known.map_or_else(|| wanted.kind.clone(), |known| known.name.into());
            Some((kind, placed.resource))
        }),
        requests: requests(pod),
        selector: pod.node_selector.clone().unwrap_or_default(),
        terms: required.map(|required| required.node_selector_terms.clone()).unwrap_or_default(),
        tolerations: pod.tolerations.clone().unwrap_or_default(),
    })
}

/// What the scheduler counts for a pod, by resource, in cores, bytes and devices: the sum over the
/// containers, or what one init container asks for where that is more.
pub(crate) fn requests(pod: &PodSpec) -> BTreeMap<String, f64> {
    let stays = |container: &&Container| container.restart_policy.as_deref() == Some("Always");
    let mut sum = BTreeMap::new();
    let before = pod.init_containers.iter().flatten();
    for container in pod.containers.iter().chain(before.clone().filter(stays)) {
        for (name, value) in asked(container.resources.as_ref()) {
            *sum.entry(name).or_insert(0.0) += value;
        }
    }
    for container in before.filter(|container| !stays(container)) {
        for (name, value) in asked(container.resources.as_ref()) {
            let all = sum.entry(name).or_insert(0.0_f64);
            *all = all.max(value);
        }
    }
    sum
}

/// What one container requests. A limit without a request counts as one.
fn asked(resources: Option<&ResourceRequirements>) -> BTreeMap<String, f64> {
    let Some(resources) = resources else { return BTreeMap::new() };
    let mut all = amounts(resources.limits.as_ref());
    all.extend(amounts(resources.requests.as_ref()));
    all
}

/// Amounts as numbers. Those that can't be understood are left out.
fn amounts(of: Option<&BTreeMap<String, Quantity>>) -> BTreeMap<String, f64> {
    let read = |(name, amount): (&String, &Quantity)| Some((name.clone(), quantity(&amount.0)?));
    of.into_iter().flatten().filter_map(read).collect()
}

/// What placing pods and counting accelerators need of a node.
pub(crate) fn node(node: &core::Node) -> Node {
    let spec = node.spec.as_ref();
    let status = node.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    let ready = conditions.filter(|one| one.type_ == "Ready").any(|one| one.status == "True");
    let taints = spec.and_then(|spec| spec.taints.as_ref()).into_iter().flatten();
    Node {
        name: node.metadata.name.clone().unwrap_or_default(),
        labels: node.metadata.labels.clone().unwrap_or_default(),
        taints: taints
            .map(|taint| Taint {
                key: taint.key.clone(),
                value: taint.value.clone().unwrap_or_default(),
                effect: taint.effect.clone(),
            })
            .collect(),
        allocatable: amounts(status.and_then(|status| status.allocatable.as_ref())),
        capacity: amounts(status.and_then(|status| status.capacity.as_ref())),
        state: match (ready, spec.and_then(|spec| spec.unschedulable)) {
            (false, _) => NodeState::NotReady,
            (true, Some(true)) => NodeState::Cordoned,
            (true, _) => NodeState::Ready,
        },
    }
}

/// What a pod that has not ended holds, or waits for where it has no node.
fn holder(pod: &Pod) -> Holder {
    let meta = &pod.metadata;
    let labels = meta.labels.clone().unwrap_or_default();
    let is_mlctls = labels.get(label::MANAGED_BY).is_some_and(|by| by == label::MLCTL);
    let spec = pod.spec.as_ref();
    let node = spec.and_then(|spec| spec.node_name.clone()).filter(|name| !name.is_empty());
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref());
    let placed = conditions.into_iter().flatten().find(|one| one.type_ == "PodScheduled");
    let placed = placed.and_then(|one| one.last_transition_time.as_ref());
    let since =
        placed.filter(|_| node.is_some()).or(meta.creation_timestamp.as_ref()).map(|time| time.0);
    let devices = spec.map(requests).unwrap_or_default().into_iter();
    Holder {
        namespace: meta.namespace.clone().unwrap_or_default(),
        pod: meta.name.clone().unwrap_or_default(),
        run: labels.get(label::RUN).filter(|_| is_mlctls).cloned(),
        user: meta.annotations.as_ref().and_then(|all| all.get(annotation::USER)).cloned(),
        node,
        since,
        requests: devices
            .filter(|(name, count)| name.contains('/') && *count >= 1.0)
            .map(|(name, count)| (name, count as u64))
            .collect(),
    }
}
