//! Spec to plan: roles filled up from the job, the primary found, the rules of the gang set.

use std::collections::BTreeMap;
use std::path::Path;

use super::merge::role_plan;
use crate::gang::{
    Completion, FailureClass, GangConfig, MAX_REPLICAS, Member, PerClass, ReplicaId,
};
use crate::plan::{
    BLAME_HOLD, DRAIN, DataPlan, GANG_VERSION, GRACE, GangPlan, Head, KILL_BOUND, Known, LEASE,
    OUTSIDE_PAUSE, Plan, PlanContext, PlanError, PodOptions, PushPlan, RolePlan, StoragePlan,
    SyncPlan, Unit,
};
use crate::spec::{Framework, Output, PushWith, Retries, Role, TrainJob};
use crate::storage::{BucketSettings, Place};

/// The role of a job that names none.
pub const DEFAULT_ROLE: &str = "worker";

/// Makes the plan of a run. Pure: the same spec and context give the same plan.
pub fn plan(spec: &TrainJob, context: &PlanContext) -> Result<Plan, PlanError> {
    let roles = ordered_roles(spec)?;
    let defaults = &context.runtime_defaults;
    let rules = GangConfig {
        run: context.run.clone(),
        job_uid: context.run.to_string(),
        members: members(spec.framework, &roles),
        completion: spec.completion.unwrap_or(match spec.framework {
            Framework::Tensorflow => Completion::Primary,
            Framework::Pytorch | Framework::Jax | Framework::None => Completion::All,
        }),
        budgets: budgets(&spec.retries),
        final_codes: Vec::new(),
        timeout: spec.timeout.map_or(defaults.timeout, |timeout| Some(timeout.0)),
        start_timeout: spec.start_timeout.map_or(defaults.start_timeout, |timeout| timeout.0),
        // `maxCost` becomes a time by prices, which the plan knows nothing of: `ops::cost` fills
        // this in.
        cost_limit: None,
        rejoin_timeout: defaults.rejoin_timeout,
        drain: spec.drain.map_or(DRAIN, |drain| drain.0),
        grace: spec.grace.map_or(GRACE, |grace| grace.0),
        lease: LEASE,
        kill_bound: KILL_BOUND,
        blame_hold: BLAME_HOLD,
        outside_pause: OUTSIDE_PAUSE,
    };
    let head = Head {
        schema_version: GANG_VERSION,
        run: context.run.clone(),
        name: spec.name.clone(),
        labels: spec.labels.clone(),
        trial: None,
        serves: None,
        push: spec.push.as_ref().map(|push| {
            let PushWith { name, alias, labels } = push.with();
            PushPlan { name, alias, labels }
        }),
        known: Known::default(),
    };
    let gang = GangPlan {
        framework: spec.framework,
        strategy: spec.strategy,
        roles,
        code: spec.code.as_ref().map(|code| code.starting_at(&context.code_base)),
        // A job whose code has other rules puts them in place of these.
        code_rules: super::rules::code_rules(spec, &context.code_base),
        archive: None,
        setup: spec.setup.clone(),
        // Each replica's working folder is a copy that is thrown away, so a relative path starts in
        // the spec's folder.
        output: spec
            .output
            .as_ref()
            .map(|output| output.place().of_run(&context.run).starting_at(&context.code_base)),
        sync: spec.is_synced().then(SyncPlan::default),
        claim: None,
        storage: storage(spec),
        security: spec.security.unwrap_or_default(),
        data: spec
            .data
            .iter()
            .map(|data| DataPlan {
                uri: data.uri.without_file_scheme().starting_at(&context.code_base),
                path: tidied(&data.path),
            })
            .collect(),
        metrics: None,
        controller: None,
        serving: None,
        pods: pod_options(spec),
        rules,
    };
    Ok(Plan { head, unit: Unit::Gang(Box::new(gang)) })
}

/// Which role leads: its replica 0 is the primary.
///
/// TensorFlow: the chief, else the workers. PyTorch, JAX and none: `master` or `chief` where there
/// is one. Otherwise the role that the file names first.
pub fn primary_role<'a>(
    framework: Framework,
    roles: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let preferred: &[&str] = match framework {
        Framework::Tensorflow => &["chief", "worker"],
        Framework::Pytorch | Framework::Jax | Framework::None => &["master", "chief"],
    };
    preferred
        .iter()
        .find_map(|name| roles.clone().find(|role| role == name))
        .or_else(|| roles.clone().next())
}

/// The roles in rank order: the file's order with the primary's role first.
fn ordered_roles(spec: &TrainJob) -> Result<Vec<RolePlan>, PlanError> {
    let total: u64 = spec.roles.values().map(|role| u64::from(role.replicas)).sum();
    if total > u64::from(MAX_REPLICAS) {
        return Err(PlanError::TooManyReplicas { replicas: total, max: MAX_REPLICAS });
    }
    if spec.roles.is_empty() {
        let only = Role { replicas: 1, ..Role::default() };
        return Ok(vec![role_plan(spec, DEFAULT_ROLE, &only)?]);
    }
    let mut roles = spec
        .roles
        .iter()
        .map(|(name, role)| role_plan(spec, name, role))
        .collect::<Result<Vec<_>, _>>()?;
    let first = primary_role(spec.framework, spec.roles.keys().map(String::as_str))
        .and_then(|primary| roles.iter().position(|role| role.name == primary))
        .unwrap_or(0);
    roles[..=first].rotate_right(1);
    Ok(roles)
}

/// All replicas in rank order; the first one is the primary.
fn members(framework: Framework, roles: &[RolePlan]) -> Vec<Member> {
    // TensorFlow's parameter servers wait in `server.join()` and never exit by themselves. The
    // first role leads, so it never counts as one.
    let serves = |position: usize, name: &str| {
        framework == Framework::Tensorflow && name == "ps" && position > 0
    };
    roles
        .iter()
        .enumerate()
        .flat_map(|(position, role)| {
            (0..role.replicas).map(move |index| Member {
                replica: ReplicaId::new(&role.name, index),
                serves: serves(position, &role.name),
            })
        })
        .collect()
}

/// A path without `./` before it: it is held against the paths of files, and pods take no other.
fn tidied(path: &str) -> String {
    let below = Path::new(path).strip_prefix(".");
    below.map_or_else(|_| path.to_owned(), |below| below.to_string_lossy().into_owned())
}

/// The spec's settings, for each bucket that it names.
fn storage(spec: &TrainJob) -> StoragePlan {
    let Some(storage) = &spec.storage else { return StoragePlan::default() };
    let settings = storage.settings();
    let places = spec.data.iter().map(|data| &data.uri);
    let places = places.chain(spec.output.as_ref().map(Output::place));
    let buckets = places.filter_map(Place::bucket).map(|bucket| (bucket, settings.clone()));
    StoragePlan {
        secret: storage.secret.clone(),
        buckets: if settings == BucketSettings::default() {
            BTreeMap::new()
        } else {
            buckets.collect()
        },
    }
}

fn pod_options(spec: &TrainJob) -> PodOptions {
    let of_storage = spec.storage.as_ref().and_then(|storage| storage.service_account.clone());
    PodOptions {
        queue: spec.queue.clone(),
        priority_class: spec.priority_class.clone(),
        service_account: spec.service_account.clone().or(of_storage),
        image_pull_secrets: spec.image_pull_secrets.clone(),
        affinity: spec.affinity.clone(),
        patch: spec.pod_patch.clone(),
    }
}

fn budgets(retries: &Retries) -> PerClass {
    let Retries {
        user_error,
        out_of_memory,
        transient_signal,
        startup,
        infrastructure,
        preemption,
    } = *retries;
    PerClass(
        [
            (FailureClass::UserError, user_error),
            (FailureClass::OutOfMemory, out_of_memory),
            (FailureClass::TransientSignal, transient_signal),
            (FailureClass::Startup, startup),
            (FailureClass::Infrastructure, infrastructure),
            (FailureClass::Preemption, preemption),
        ]
        .into(),
    )
}
