//! All of one replica's variables that have a literal value.

use indexmap::IndexMap;

use crate::gang::ReplicaId;
use crate::plan::ControllerPlan;
use crate::plan::types::{Addresses, Plan};
use crate::spec::Framework;

use super::error::UnknownReplica;
use super::outputs::OutputDirs;
use super::rank::rank;
use super::{cluster_spec, jax, pytorch, tf_config, threads};

/// Variables that would lie to a command about its gang where the runtime didn't set them: a shell
/// or an image may bring them along.
const HIDDEN: [&str; 19] = [
    "TF_CONFIG",
    "MLCTL_HOSTS",
    "CLUSTER_SPEC",
    "RANK",
    "LOCAL_RANK",
    "WORLD_SIZE",
    "LOCAL_WORLD_SIZE",
    "NODE_RANK",
    "GROUP_RANK",
    "TORCHELASTIC_RUN_ID",
    "MASTER_ADDR",
    "MASTER_PORT",
    "JAX_COORDINATOR_ADDRESS",
    "JAX_NUM_PROCESSES",
    "JAX_PROCESS_ID",
    "MLCTL_ACCELERATORS",
    "AIP_MODEL_DIR",
    "AIP_CHECKPOINT_DIR",
    "AIP_TENSORBOARD_LOG_DIR",
];

/// The environment of one replica's command.
///
/// The rendezvous comes first and the user's literal variables over it: who sets `MASTER_PORT` or
/// `TF_CONFIG` in a spec means it (the linter warns). The user's references to secrets are left to
/// the runtime, which never writes them down; they too go over what is here.
///
/// In order: `PYTHONUNBUFFERED`, `MLCTL_RUN`, `MLCTL_REPLICA`, `MLCTL_HOSTS`, `CLUSTER_SPEC`, the
/// framework's own, `AIP_*`, `MLCTL_ACCELERATORS` where the role asks for some, the user's, the thread
/// pools. A worker of tasks meets nobody: in place of the rendezvous it has
/// `RANK`, `WORLD_SIZE` and `MLCTL_BATCH`, the [`BatchPlan`](crate::plan::BatchPlan) as JSON; what decides
/// over a study has `MLCTL_STUDY`, over an endpoint `MLCTL_ENDPOINT`, and a replica of an endpoint
/// `MLCTL_SERVING`, its [`ServingPlan`](crate::plan::ServingPlan) as JSON. The values are byte-stable: the
/// same plan and addresses give the same text. A replica that the plan doesn't have is an error.
pub fn environment(
    plan: &Plan,
    replica: &ReplicaId,
    addresses: &dyn Addresses,
    outputs: &OutputDirs,
) -> Result<IndexMap<String, String>, UnknownReplica> {
    let rank = rank(plan, replica)?;
    let mut env = IndexMap::new();
    let mut set = |name: &str, value: String| {
        env.insert(name.to_owned(), value);
    };
    set("PYTHONUNBUFFERED", "1".into());
    set("MLCTL_RUN", plan.head.run.to_string());
    set("MLCTL_REPLICA", replica.to_string());
    match plan.batch() {
        Some(batch) => {
            set("RANK", rank.to_string());
            set("WORLD_SIZE", plan.gang().rules.members.len().to_string());
            // A plan has nothing that can't be written as JSON: its mappings have texts as keys.
            set("MLCTL_BATCH", serde_json::to_string(batch).unwrap_or_default());
        }
        None => match (&plan.gang().controller, &plan.gang().serving) {
            (Some(ControllerPlan::Study(study)), _) => set("MLCTL_STUDY", study.to_string()),
            (Some(ControllerPlan::Endpoint(endpoint)), _) => {
                set("MLCTL_ENDPOINT", endpoint.to_string());
            }
            (None, Some(serving)) => {
                set("MLCTL_SERVING", serde_json::to_string(serving).unwrap_or_default());
                if let Some(replica) = &plan.head.serves {
                    set("MLCTL_SERVES", replica.endpoint.to_string());
                }
            }
            (None, None) => meeting(plan, replica, rank, addresses, outputs, &mut set)?,
        },
    }
    let role = plan.gang().roles.iter().find(|role| role.name == replica.role);
    // Where a machine has GPUs that nobody has asked for, a command that sees them can't tell by itself
    // that they are not its own.
    if let Some(accelerators) = role.and_then(|role| role.accelerators.as_ref()) {
        env.insert("MLCTL_ACCELERATORS".into(), accelerators.count.to_string());
    }
    for variable in role.map_or(&[][..], |role| &role.env) {
        if variable.value_from.is_none() {
            env.insert(variable.name.clone(), variable.value.clone().unwrap_or_default());
        }
    }
    if let Some(role) = role {
        threads::pools(role, plan.gang().rules.members.len(), &mut env);
    }
    for name in references(plan, replica) {
        env.shift_remove(name);
    }
    Ok(env)
}

/// What the replicas of a gang find each other by, and where they write.
fn meeting(
    plan: &Plan,
    replica: &ReplicaId,
    rank: usize,
    addresses: &dyn Addresses,
    outputs: &OutputDirs,
    mut set: &mut dyn FnMut(&str, String),
) -> Result<(), UnknownReplica> {
    // One a line, which a shell reads without a tool, and the way in which other systems list them.
    let members = &plan.gang().rules.members;
    let hosts: Vec<String> = members.iter().map(|one| addresses.host(&one.replica)).collect();
    set("MLCTL_HOSTS", hosts.join("\n"));
    set("CLUSTER_SPEC", cluster_spec::value(plan, replica, addresses)?);
    let led_by_chief = plan.gang().roles.iter().any(|role| role.name == "chief");
    if plan.gang().framework == Framework::Tensorflow || led_by_chief {
        // Vertex AI sets both families on every job of several replicas, whatever runs in it.
        if plan.gang().rules.members.len() > 1 {
            set("TF_CONFIG", tf_config::value(plan, replica, addresses));
            if led_by_chief {
                pytorch::plain(plan, rank, addresses, &mut set);
            }
        }
    }
    match plan.gang().framework {
        Framework::Pytorch => pytorch::variables(plan, replica, rank, addresses, &mut set),
        Framework::Jax => jax::variables(plan, rank, addresses, &mut set),
        // `none` promises no protocol, but code of one's own needs the rank, the number of replicas
        // and the address of the first one.
        Framework::None if !led_by_chief => pytorch::plain(plan, rank, addresses, &mut set),
        Framework::Tensorflow | Framework::None => {}
    }
    set("AIP_MODEL_DIR", folder(&outputs.model));
    set("AIP_CHECKPOINT_DIR", folder(&outputs.checkpoints));
    set("AIP_TENSORBOARD_LOG_DIR", folder(&outputs.logs));
    Ok(())
}

/// What a replica's command must not inherit: variables about its gang that are not of this run.
pub fn hidden(plan: &Plan, replica: &ReplicaId) -> Vec<String> {
    let wanted: Vec<&str> = references(plan, replica).collect();
    HIDDEN.iter().filter(|name| !wanted.contains(name)).map(|name| (*name).to_owned()).collect()
}

/// Variables whose values the runtime takes from secrets.
fn references<'a>(plan: &'a Plan, replica: &ReplicaId) -> impl Iterator<Item = &'a str> {
    let role = plan.gang().roles.iter().find(|role| role.name == replica.role);
    let env = role.map_or(&[][..], |role| &role.env);
    env.iter().filter(|variable| variable.value_from.is_some()).map(|v| v.name.as_str())
}

/// With exactly the slash at its end that Vertex AI's folders have: code joins them by `+`.
fn folder(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}
