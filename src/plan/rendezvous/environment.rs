//! All of one replica's variables that have a literal value.

use indexmap::IndexMap;

use crate::gang::ReplicaId;
use crate::plan::types::{Addresses, Plan};
use crate::spec::Framework;

use super::{cluster_spec, jax, pytorch, tf_config};

/// Where this replica writes; the runtime decides, because only the primary's `model` is the real
/// one. Paths or URIs, with or without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputDirs {
    /// Becomes `AIP_MODEL_DIR`.
    pub model: String,
    /// Becomes `AIP_CHECKPOINT_DIR`; the same over all attempts.
    pub checkpoints: String,
    /// Becomes `AIP_TENSORBOARD_LOG_DIR`.
    pub logs: String,
}

/// The environment of one replica's command.
///
/// The rendezvous comes first and the user's literal variables over it: who sets `MASTER_PORT` or
/// `TF_CONFIG` in a spec means it (the linter warns). The user's references to secrets are left to
/// the runtime, which never writes them down; they too go over what is here.
///
/// In order: `PYTHONUNBUFFERED`, `MLCTL_RUN`, `MLCTL_REPLICA`, `CLUSTER_SPEC`, the framework's own,
/// `AIP_*`, the user's. The values are byte-stable: the same plan and addresses give the same text.
pub fn environment(
    plan: &Plan,
    replica: &ReplicaId,
    addresses: &dyn Addresses,
    outputs: &OutputDirs,
) -> IndexMap<String, String> {
    let mut env = IndexMap::new();
    let mut set = |name: &str, value: String| {
        env.insert(name.to_owned(), value);
    };
    set("PYTHONUNBUFFERED", "1".into());
    set("MLCTL_RUN", plan.run.clone());
    set("MLCTL_REPLICA", replica.to_string());
    set("CLUSTER_SPEC", cluster_spec::value(plan, replica, addresses));
    let led_by_chief = plan.roles.iter().any(|role| role.name == "chief");
    if plan.framework == Framework::Tensorflow || led_by_chief {
        // Vertex AI sets both families on every job of several replicas, whatever runs in it.
        if plan.gang.members.len() > 1 {
            set("TF_CONFIG", tf_config::value(plan, replica, addresses));
            if led_by_chief {
                pytorch::plain(plan, replica, addresses, &mut set);
            }
        }
    }
    match plan.framework {
        Framework::Pytorch => pytorch::variables(plan, replica, addresses, &mut set),
        Framework::Jax => jax::variables(plan, replica, addresses, &mut set),
        // No protocol, but who of how many, and where the first one is.
        Framework::None if !led_by_chief => pytorch::plain(plan, replica, addresses, &mut set),
        Framework::Tensorflow | Framework::None => {}
    }
    set("AIP_MODEL_DIR", folder(&outputs.model));
    set("AIP_CHECKPOINT_DIR", folder(&outputs.checkpoints));
    set("AIP_TENSORBOARD_LOG_DIR", folder(&outputs.logs));
    let role = plan.roles.iter().find(|role| role.name == replica.role);
    for variable in role.map_or(&[][..], |role| &role.env) {
        if variable.value_from.is_none() {
            env.insert(variable.name.clone(), variable.value.clone().unwrap_or_default());
        }
    }
    env
}

/// With exactly the slash at its end that Vertex AI's folders have: code joins them by `+`.
fn folder(path: &str) -> String {
    if path.ends_with('/') { path.to_owned() } else { format!("{path}/") }
}

/// A replica's place in the rank order, from 0; the primary is 0.
pub(super) fn rank(plan: &Plan, replica: &ReplicaId) -> usize {
    plan.gang.members.iter().position(|member| member.replica == *replica).unwrap_or(0)
}
