//! Indexed Jobs: one for all roles whose pods have the same shape, else one for each shape.

use k8s_openapi::api::batch::v1::{
    Job, JobSpec, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement,
    PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule, SuccessPolicy, SuccessPolicyRule,
};

use super::container::MAIN;
use super::context::ManifestContext;
use super::error::Reason;
use super::names::{label, meta};
use super::pod;
use crate::gang::{AgentExit, FailureClass};
use crate::plan::{ClusterLayout, JobLayout, Plan, RolePlan};

/// How many seconds the deadline of a Job is later than every limit that the agents keep
/// themselves.
const DEADLINE_SLACK_SECONDS: u64 = 600;

/// Classes whose failures can cost a pod, so that the controller replaces it.
const POD_CLASSES: [FailureClass; 3] =
    [FailureClass::Startup, FailureClass::Infrastructure, FailureClass::OutOfMemory];

/// The Jobs of a run. Reasons why one can't be written go to `refused`, and that Job is left out.
pub(crate) fn jobs(
    plan: &Plan,
    context: &ManifestContext,
    layout: &ClusterLayout,
    refused: &mut Vec<Reason>,
) -> Vec<Job> {
    if plan.gang().pods.queue.is_some() && layout.jobs.len() > 1 {
        refused.push(one_shape(layout));
    }
    let mut jobs = Vec::new();
    for job in &layout.jobs {
        let Some(role) = first_role(plan, job) else { continue };
        let mut metadata = meta(plan, context, job.name.clone());
        let lone = lone_role(job);
        if let (Some(labels), Some(lone)) = (&mut metadata.labels, lone) {
            labels.insert(label::ROLE.into(), lone.into());
        }
        if let (Some(labels), Some(queue)) = (&mut metadata.labels, &plan.gang().pods.queue) {
            labels.insert(label::QUEUE.into(), queue.clone());
        }
        let count = i32::try_from(job.replicas.len()).unwrap_or(i32::MAX);
        match pod::template(plan, context, role, lone) {
            Err(reasons) => refused.extend(reasons),
            Ok(template) => jobs.push(Job {
                metadata,
                spec: Some(JobSpec {
                    completion_mode: Some("Indexed".into()),
                    completions: Some(count),
                    parallelism: Some(count),
                    backoff_limit_per_index: Some(backoff_limit(plan)),
                    pod_failure_policy: Some(failure_policy(plan.is_tasks())),
                    pod_replacement_policy: Some("Failed".into()),
                    success_policy: (layout.jobs.len() == 1)
                        .then(|| success_policy(plan.is_tasks())),
                    active_deadline_seconds: active_deadline(plan),
                    ttl_seconds_after_finished: context
                        .keep
                        .map(|keep| i32::try_from(keep.as_secs()).unwrap_or(i32::MAX)),
                    // A Job in a queue begins suspended, and Kueue lets it go when there is room.
                    suspend: plan.gang().pods.queue.is_some().then_some(true),
                    template,
                    ..JobSpec::default()
                }),
                status: None,
            }),
        }
    }
    jobs
}

/// The reason against several Jobs in a queue: Kueue admits each Job by itself, and half a gang is
/// of no use.
fn one_shape(layout: &ClusterLayout) -> Reason {
    let roles = |job: &JobLayout| {
        let mut roles: Vec<&str> = job.replicas.iter().map(|one| one.role.as_str()).collect();
        roles.dedup();
        roles.join(" and ")
    };
    let shapes: Vec<String> = layout.jobs.iter().map(roles).collect();
    let shapes = shapes.join("; ");
    Reason::new(format!(
        "queue: Kueue admits one Job, and pods of different shapes are several ({shapes})"
    ))
    .of("queue")
    .help(
        "give all roles the same image, cpu, memory, accelerators, secrets, nodeSelector, tolerations \
         and volumes",
    )
}

/// The role that a Job's pods are made after. Its other roles have the same shape.
fn first_role<'a>(plan: &'a Plan, job: &JobLayout) -> Option<&'a RolePlan> {
    let first = job.replicas.first()?;
    plan.gang().roles.iter().find(|role| role.name == first.role)
}

/// The role of a Job whose replicas have only one; `None` when they have several.
fn lone_role(job: &JobLayout) -> Option<&str> {
    let first = &job.replicas.first()?.role;
    job.replicas.iter().all(|replica| replica.role == *first).then_some(first)
}

/// How many failed pods of one index the controller replaces. The agents count against budgets of
/// their own; this bounds pods that never get to run an agent.
fn backoff_limit(plan: &Plan) -> i32 {
    let budgets = POD_CLASSES.iter().map(|class| plan.gang().rules.budgets.get(*class));
    i32::try_from(budgets.fold(0_u32, u32::saturating_add)).unwrap_or(i32::MAX)
}

/// Which failed pods are replaced. The first rule that matches counts, so failures for good stand
/// before `Ignore`: otherwise the drain of a node would bring a failed gang back. Every other end of the
/// agent, such as 137, which may be a kill for memory or a lost node, counts against the limit. What is
/// left are pods whose agent ended well and in which something else failed that a patch or a webhook has
/// put there: a new pod would train again what has been trained. A task that has failed for good ends
/// nobody but itself.
fn failure_policy(tasks: bool) -> PodFailurePolicy {
    let final_job = if tasks { "FailIndex" } else { "FailJob" };
    let code = |exit: AgentExit| i32::from(exit.code());
    let exit = |action: &str, container: Option<&str>, operator: &str, values: Vec<i32>| {
        PodFailurePolicyRule {
            action: action.into(),
            on_exit_codes: Some(PodFailurePolicyOnExitCodesRequirement {
                container_name: container.map(str::to_owned),
                operator: operator.into(),
                values,
            }),
            on_pod_conditions: None,
        }
    };
    let on_exit = |action: &str, codes: Vec<i32>| exit(action, Some(MAIN), "In", codes);
    PodFailurePolicy {
        rules: vec![
            on_exit(final_job, [AgentExit::FinalJob, AgentExit::FinalEvicted].map(code).into()),
            on_exit("FailIndex", vec![AgentExit::Final.code().into()]),
            // Not executable, wrong architecture, no such file: a new pod would meet the same.
            on_exit("FailIndex", vec![126, 127, 128]),
            PodFailurePolicyRule {
                action: "Ignore".into(),
                on_exit_codes: None,
                on_pod_conditions: Some(vec![PodFailurePolicyOnPodConditionsPattern {
                    status: "True".into(),
                    type_: "DisruptionTarget".into(),
                }]),
            },
            exit("Count", Some(MAIN), "NotIn", vec![0]),
            exit("FailIndex", None, "NotIn", vec![0]),
        ],
    }
}

/// The Job has succeeded as soon as the primary exits with 0. It does that last of all replicas and
/// only when all of them know of the success, so that no log is cut. Of tasks any one will do, and the
/// controller ends the others.
fn success_policy(tasks: bool) -> SuccessPolicy {
    SuccessPolicy {
        rules: vec![SuccessPolicyRule {
            succeeded_indexes: (!tasks).then(|| "0".into()),
            succeeded_count: tasks.then_some(1),
        }],
    }
}

/// The seconds after which the controller ends a gang that nobody else ends, because it can't be
/// placed or its agents are gone; `None` for a run without a `timeout`.
fn active_deadline(plan: &Plan) -> Option<i64> {
    let gang = &plan.gang().rules;
    let rejoins = POD_CLASSES
        .iter()
        .chain(&[FailureClass::Preemption])
        .map(|class| u64::from(gang.budgets.get(*class)))
        .sum::<u64>();
    let seconds = gang
        .start_timeout
        .as_secs()
        .saturating_add(gang.longest()?.as_secs())
        .saturating_add(rejoins.saturating_mul(gang.rejoin_timeout.as_secs()))
        .saturating_add(DEADLINE_SLACK_SECONDS);
    Some(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixture;

    #[test]
    fn a_task_that_fails_ends_only_its_index_and_any_one_success_will_do() {
        let plan = fixture::tasks("digits-abc123", 3);
        let layout = ClusterLayout::of(&plan);
        let mut refused = Vec::new();
        let jobs = jobs(&plan, &ManifestContext::default(), &layout, &mut refused);
        let [job] = &jobs[..] else { panic!("{refused:?}") };
        let spec = job.spec.as_ref().unwrap();
        assert_eq!((spec.completions, spec.parallelism), (Some(3), Some(3)));
        assert!(spec.backoff_limit_per_index.is_some_and(|limit| limit > 0));
        let rules = &spec.pod_failure_policy.as_ref().unwrap().rules;
        let actions: Vec<&str> = rules.iter().map(|rule| &*rule.action).collect();
        assert_eq!(
            actions,
            ["FailIndex", "FailIndex", "FailIndex", "Ignore", "Count", "FailIndex"]
        );
        let success = &spec.success_policy.as_ref().unwrap().rules;
        assert_eq!((success.len(), success[0].succeeded_count), (1, Some(1)));
        assert_eq!(success[0].succeeded_indexes, None);
    }
}
