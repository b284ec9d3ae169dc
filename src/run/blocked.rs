//! What keeps a run from starting and what helps against that: while it waits, and after it has waited in vain.

use super::signs::{PULL, block, sign};
use super::{Activity, Cause, ReplicaState, RunView, Wait};
use crate::event::WaitingReason;
use crate::gang::{Outcome, ReplicaId};
use crate::plan::{Plan, RolePlan};
use crate::runtime::LOCAL;
use crate::text::shell_word;

/// What is waited for now, and the replica that waits where it is not the whole run; `None` where all goes its
/// usual way.
fn wait(view: &RunView) -> Option<(Option<&ReplicaId>, &Wait)> {
    let of_replicas = view.replicas.values().filter_map(|replica| {
        Some((Some(&replica.replica), replica.activity.as_ref().and_then(Activity::wait)?))
    });
    let mut all = of_replicas.chain(view.waiting.as_ref().map(|wait| (None, wait)));
    all.find(|(_, wait)| !wait.reason.is_progress())
}

impl RunView {
    /// What a run was waiting for that was ended before it had started: known to whoever has followed it alone,
    /// since its pods are gone.
    pub fn waited_for(&self) -> Option<String> {
        let outcome = self.verdict.as_ref()?.outcome;
        let is_given_up = matches!(outcome, Outcome::Cancelled | Outcome::TimedOut);
        let (replica, wait) = wait(self).filter(|_| is_given_up && self.started.is_none())?;
        Some(replica.map_or_else(|| wait.to_string(), |replica| format!("{replica}: {wait}")))
    }
}

/// What helps against that.
pub(super) fn blocked(plan: Option<&Plan>, view: &RunView) -> Vec<String> {
    let Some((replica, wait)) = wait(view) else { return Vec::new() };
    // On this machine its turn comes, and it says behind whom.
    if wait.reason == WaitingReason::Queued && view.runtime == LOCAL {
        return Vec::new();
    }
    advice(wait, plan.and_then(|plan| role_of(plan, replica)), &view.runtime)
}

/// Each replica that is awaited, and what it was last seen doing.
pub(super) fn missing_causes(
    view: &RunView,
    tail: &dyn Fn(&ReplicaId) -> Vec<String>,
) -> Vec<Cause> {
    let of = |id: &ReplicaId| {
        let replica = view.replicas.get(id);
        let text = match replica.map(|replica| replica.state) {
            None | Some(ReplicaState::Pending) => {
                let own = replica.and_then(|replica| Some(replica.activity.as_ref()?.to_string()));
                let waits = own.or_else(|| Some(view.waiting.as_ref()?.to_string()));
                waits.unwrap_or_else(|| "nothing has been heard of it".into())
            }
            Some(ReplicaState::SettingUp) => {
                let activity =
                    replica.and_then(|replica| Some(replica.activity.as_ref()?.to_string()));
                format!("still setting up: {}", activity.as_deref().unwrap_or("no output yet"))
            }
            Some(ReplicaState::Lost) => {
                let why = replica.and_then(|replica| replica.lost.as_deref());
                format!("lost: {}", why.unwrap_or("its agent is gone"))
            }
            Some(state) => match replica.and_then(|replica| replica.last_exit()) {
                Some(exit) => exit.reason.clone(),
                None => format!("{}, but not joined", state.as_str()),
            },
        };
        Cause { replica: Some(id.clone()), attempt: None, class: None, text, lines: tail(id) }
    };
    view.missing.iter().take(5).map(of).collect()
}

/// The role whose replica waits. Where it is the whole run, only a single role is known to be meant.
fn role_of<'a>(plan: &'a Plan, replica: Option<&ReplicaId>) -> Option<&'a RolePlan> {
    let roles = &plan.gang().roles;
    match (replica, roles.as_slice()) {
        (Some(replica), roles) => roles.iter().find(|role| role.name == replica.role),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

fn advice(wait: &Wait, role: Option<&RolePlan>, runtime: &str) -> Vec<String> {
    let image = role.and_then(|role| role.image.as_deref());
    let words = [wait.to_string()];
    match (&wait.reason, image) {
        (WaitingReason::ErrImageNeverPull, Some(image)) => vec![format!(
            "bring the image onto the nodes, or let them pull it (`imagePullPolicy` in `podPatch`): {image}"
        )],
        (reason, Some(image)) if reason.is_about_image() || is_pull(&wait.message) => {
            let place = runtime.rsplit_once('/').map(|(context, namespace)| {
                let words = [context, namespace].map(shell_word);
                format!(" --context {} --namespace {}", words[0], words[1])
            });
            let place = place.unwrap_or_default();
            vec![
                PULL.to_owned(),
                format!(
                    "to try whether nodes can: mlctl doctor --image {}{place}",
                    shell_word(image)
                ),
            ]
        }
        (WaitingReason::Unschedulable, _) => unschedulable(&wait.message, role),
        (reason, _) => {
            sign(&words).or_else(|| block(reason).map(str::to_owned)).into_iter().collect()
        }
    }
}

/// The words of the event `Failed`, which comes before the pod has a state of its own for it.
fn is_pull(message: &str) -> bool {
    message.starts_with("Failed to pull image")
}

/// What no node has enough of, by the words of the scheduler: `3 Insufficient cpu, 1 node(s) had untolerated
/// taint`.
fn unschedulable(message: &str, role: Option<&RolePlan>) -> Vec<String> {
    let mut next = Vec::new();
    let mut lacks: Vec<&str> = message
        .split("Insufficient ")
        .skip(1)
        .map(|rest| rest.split([',', ' ']).next().unwrap_or_default().trim_end_matches('.'))
        .collect();
    lacks.sort_unstable();
    lacks.dedup();
    for resource in lacks {
        let (field, now) = match resource {
            "cpu" => ("cpu", role.and_then(|role| role.cpu).map(|cpu| cpu.to_string())),
            "memory" => {
                ("memory", role.and_then(|role| role.memory).map(|memory| memory.to_string()))
            }
            "pods" => {
                next.push("the nodes have as many pods as they may: end some, or add nodes".into());
                continue;
            }
            _ => {
                let asked = role.and_then(|role| role.accelerators.as_ref());
                let asked = asked.map(|asked| format!("{} x {}", asked.count, asked.kind));
                ("accelerators", asked)
            }
        };
        let now = now.map(|now| format!(" (now {now})")).unwrap_or_default();
        next.push(format!(
            "no node has enough {resource} left: lower `{field}`{now}, end what holds it, or add nodes"
        ));
        if field == "accelerators" {
            next.push("which accelerators there are, and who has them: mlctl gpus".into());
        }
    }
    if message.contains("untolerated taint") {
        next.push("some nodes have a taint: to run there, name it in `tolerations`".into());
    }
    if message.contains("node affinity") || message.contains("node selector") {
        next.push(
            "some nodes don't have the labels that are asked for: compare `nodeSelector` and \
             `accelerators` with mlctl gpus"
                .into(),
        );
    }
    if next.is_empty() {
        let known = sign(&[message.to_owned()]);
        let usual = || block(&WaitingReason::Unschedulable).map(str::to_owned);
        next.extend(known.or_else(usual));
    }
    next
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventKind;
    use crate::run::why;
    use crate::store::fixture::{Story, plan};

    fn next(reason: &str, message: &str) -> Vec<String> {
        let plan = plan("digits-abc123", 2);
        let waiting = EventKind::Waiting { reason: reason.into(), message: message.into() };
        let story = Story::new("digits-abc123").then("worker-1", waiting);
        let view = RunView::of(&"digits-abc123".into(), Some(&plan), &story.events);
        why(&view, Some(&plan), &|_| Vec::new()).next
    }

    #[test]
    fn what_is_short_is_named_with_what_is_asked_for() {
        let next = next(
            "Unschedulable",
            "0/4 nodes are available: 2 Insufficient cpu, 1 Insufficient nvidia.com/gpu, 1 node(s) had \
             untolerated taint(s). preemption: 0/4 nodes are available: 2 Insufficient cpu.",
        );
        let all = next.join("\n");
        assert_eq!(next.len(), 4, "{all}");
        assert!(next[0].starts_with("no node has enough cpu left: lower `cpu`"), "{all}");
        assert!(next[1].contains("nvidia.com/gpu") && next[2].ends_with("mlctl gpus"), "{all}");
        assert!(next[3].contains("`tolerations`"), "{all}");
    }

    #[test]
    fn a_missing_secret_is_named_and_progress_needs_no_advice() {
        let missing = next("CreateContainerConfigError", "secret \"hf\" not found");
        assert!(missing[0].contains("no such Secret"), "{missing:?}");
        assert!(next("ContainerCreating", "its containers are being made").is_empty());
    }

    #[test]
    fn an_image_can_be_tried_by_its_name() {
        let role = |image: &str| {
            let mut role = plan("digits-abc123", 1).gang().roles[0].clone();
            role.image = Some(image.into());
            role
        };
        let wait = Wait::new(&"ErrImagePull".into(), "none");
        let next = advice(&wait, Some(&role("$(x)")), "prod/ml");
        assert!(next[1].contains("--image '$(x)' "), "{next:?}");
        for (reason, message) in [
            ("ImagePullBackOff", "back-off"),
            ("Failed", "Failed to pull image \"tf:1\": no such image"),
        ] {
            let wait = Wait::new(&reason.into(), message);
            let next = advice(&wait, Some(&role("tf:1")), "prod/ml");
            assert!(next[0].contains("`image`"), "{next:?}");
            assert!(
                next[1].ends_with("mlctl doctor --image tf:1 --context prod --namespace ml"),
                "{next:?}"
            );
        }
    }
}
