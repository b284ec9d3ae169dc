//! What becomes of each field of a plan in a cluster.

use crate::plan::{GangPlan, Head, Plan, PodOptions, RolePlan, Unit};

/// The gang of a plan. On the way everything that a plan says is named once, with the file that
/// writes it, so that a new field fails to compile until somebody has decided about it here.
pub(crate) fn gang_of(plan: &Plan) -> &GangPlan {
    let Plan { head, unit } = plan;
    // Of the document's format the agents learn; the rest names and labels the objects (`names`), a
    // study's too. A model is pushed by whoever follows the run.
    let Head {
        schema_version: _,
        run: _,
        name: _,
        labels: _,
        trial: _,
        serves: _,
        push: _,
        known: _,
    } = head;
    let gang = match unit {
        Unit::Gang(gang) => &**gang,
        // What workers do is theirs to read.
        Unit::Tasks(tasks) => &tasks.gang,
        Unit::Service(service) => &service.gang,
    };
    let GangPlan {
        roles,
        pods,
        // The agents read these from the pods' document.
        framework: _,
        strategy: _,
        setup: _,
        metrics: _,
        // `bundle` and `code_maps`.
        code: _,
        code_rules: _,
        archive: _,
        // `output` and `volumes`.
        output: _,
        sync: _,
        claim: _,
        // `container` takes the Secret; the agents the rest.
        storage: _,
        // `data` and `volumes`.
        data: _,
        // `security`.
        security: _,
        // The pod's command reads the study that it is about.
        controller: _,
        serving: _,
        // `job` takes the deadline and the budgets; the agents the rest.
        rules: _,
    } = gang;
    roles.iter().for_each(decided_of_role);
    decided_of_pods(pods);
    gang
}

fn decided_of_role(role: &RolePlan) {
    let RolePlan {
        // The layout says which Job and index each replica is.
        name: _,
        replicas: _,
        // `container`.
        image: _,
        cpu: _,
        memory: _,
        // The agents start it from the document; an image's own command is known by then.
        command: _,
        entrypoint_args: _,
        // Literals travel in the document or the Secret, references in `container`.
        env: _,
        // `volumes` and `container`.
        secrets: _,
        volumes: _,
        // `placement`.
        accelerators: _,
        node_selector: _,
        tolerations: _,
    } = role;
}

fn decided_of_pods(pods: &PodOptions) {
    let PodOptions {
        // `job`: the label that Kueue reads.
        queue: _,
        // `pod`.
        priority_class: _,
        service_account: _,
        image_pull_secrets: _,
        // `placement`.
        affinity: _,
        // `patch`, over all that the others have written.
        patch: _,
    } = pods;
}
