//! What of a plan this machine has no use for.

use std::collections::BTreeSet;

use crate::plan::{GangPlan, Head, Plan, PodOptions, RolePlan, Unit};
use crate::runtime::{Notice, SubmitOptions};

/// What a cluster would do with a plan and this machine doesn't. Everything that a plan says is named
/// here once, so that a new field fails to compile until somebody has decided about it.
pub(crate) fn ignored(plan: &Plan, options: &SubmitOptions) -> Vec<Notice> {
    let Plan {
        head:
            Head {
                schema_version: _,
                run: _,
                name: _,
                labels: _,
                trial: _,
                serves: _,
                // Whoever follows the run pushes its model.
                push: _,
                known: _,
            },
        unit,
    } = plan;
    let gang = match unit {
        Unit::Gang(gang) => &**gang,
        // What workers do is theirs to read.
        Unit::Tasks(tasks) => &tasks.gang,
        Unit::Service(service) => &service.gang,
    };
    let GangPlan {
        roles,
        pods,
        storage,
        // `check` and `launch` use them.
        framework: _,
        strategy: _,
        code: _,
        code_rules: _,
        archive: _,
        setup: _,
        output: _,
        sync: _,
        claim: _,
        data: _,
        metrics: _,
        controller: _,
        serving: _,
        rules: _,
        // Processes of this user have this user's rights.
        security: _,
    } = gang;
    let mut names: Vec<&str> = roles.iter().flat_map(ignored_of_role).collect();
    names.extend(ignored_of_pods(pods));
    // A spec with a queue waits here too, whatever the queue's name.
    names.retain(|name| !(options.queue && *name == "queue"));
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    // In the order of the fields, whichever role has them.
    names.sort_by_key(|name| IGNORED.iter().position(|known| known == name));
    let mut notices = Vec::new();
    if storage.secret.is_some() {
        notices.push(Notice(
            "storage.secret is a Secret of a cluster: here your own credentials count".into(),
        ));
    }
    if !names.is_empty() {
        let names = names.join(", ");
        notices.push(Notice(format!("this machine has no use for {names}: ignored")));
    }
    for (what, paths) in mounts(roles) {
        if !paths.is_empty() {
            notices.push(Notice(format!(
                "{what} are not mounted on this machine: the commands find at {} only what lies \
                 there already or `setup` writes",
                paths.into_iter().collect::<Vec<_>>().join(", ")
            )));
        }
    }
    notices
}

/// The fields that only a cluster has a use for, in the order in which they are told.
const IGNORED: [&str; 9] = [
    "image",
    "nodeSelector",
    "tolerations",
    "queue",
    "priorityClass",
    "serviceAccount",
    "imagePullSecrets",
    "affinity",
    "podPatch",
];

fn ignored_of_role(role: &RolePlan) -> Vec<&'static str> {
    let RolePlan {
        image,
        node_selector,
        tolerations,
        // `mounts` says this in a notice of its own.
        secrets: _,
        volumes: _,
        // `launch` starts them, and `check` compares them with this machine.
        name: _,
        replicas: _,
        command: _,
        entrypoint_args: _,
        env: _,
        cpu: _,
        memory: _,
        accelerators: _,
    } = role;
    let [of_image, of_selector, of_tolerations, ..] = IGNORED;
    set([
        (of_image, image.is_some()),
        (of_selector, !node_selector.is_empty()),
        (of_tolerations, !tolerations.is_empty()),
    ])
}

fn ignored_of_pods(pods: &PodOptions) -> Vec<&'static str> {
    let PodOptions { queue, priority_class, service_account, image_pull_secrets, affinity, patch } =
        pods;
    let [_, _, _, of_queue, of_class, of_account, of_secrets, of_affinity, of_patch] = IGNORED;
    set([
        (of_queue, queue.is_some()),
        (of_class, priority_class.is_some()),
        (of_account, service_account.is_some()),
        (of_secrets, !image_pull_secrets.is_empty()),
        (of_affinity, !affinity.is_empty()),
        (of_patch, !patch.is_empty()),
    ])
}

fn set<const N: usize>(fields: [(&'static str, bool); N]) -> Vec<&'static str> {
    fields.into_iter().filter_map(|(name, is_set)| is_set.then_some(name)).collect()
}

/// Where a cluster would mount volumes and Secrets.
fn mounts(roles: &[RolePlan]) -> [(&'static str, BTreeSet<&str>); 2] {
    let volumes = roles.iter().flat_map(|role| &role.volumes);
    let secrets = roles.iter().flat_map(|role| &role.secrets);
    [
        ("volumes", volumes.map(|volume| volume.mount_path.as_str()).collect()),
        ("secrets", secrets.filter_map(|secret| secret.mount_path.as_deref()).collect()),
    ]
}
