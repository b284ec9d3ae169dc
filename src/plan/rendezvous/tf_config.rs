//! `TF_CONFIG`, for gangs of more than one replica.
//!
//! `{"cluster":{"chief":[..],"worker":[..],"ps":[..]},"environment":"cloud","task":{"type":"worker",
//! "index":0}}`. An evaluator is never in `cluster`, not even in its own: TensorFlow 2's
//! ParameterServerStrategy hangs on it. The index counts within the role, so the chief is 0 and the
//! workers start at 0 again; without a chief worker 0 leads. `task.cloud` and `job` of Vertex AI are
//! left out, see `cluster_spec`.
//! Source: <https://www.tensorflow.org/guide/distributed_training#setting_up_the_tf_config_environment_variable>.

use indexmap::IndexMap;

use crate::gang::ReplicaId;
use crate::plan::types::{Addresses, Plan};

use super::cluster_spec::{Document, Task, address};

/// The role that watches the cluster from outside.
const EVALUATOR: &str = "evaluator";

/// The order that everybody writes them in; other names follow in rank order.
const ORDER: [&str; 3] = ["chief", "worker", "ps"];

/// The variable's value for one replica.
pub(super) fn value(plan: &Plan, replica: &ReplicaId, addresses: &dyn Addresses) -> String {
    let place = |name: &str| ORDER.iter().position(|known| *known == name).unwrap_or(ORDER.len());
    let mut roles: Vec<_> =
        plan.gang().roles.iter().filter(|role| role.name != EVALUATOR).collect();
    roles.sort_by_key(|role| place(&role.name));
    let cluster: IndexMap<String, Vec<String>> = roles
        .into_iter()
        .map(|role| {
            let members = (0..role.replicas)
                .map(|index| address(&ReplicaId::new(&role.name, index), addresses))
                .collect();
            (role.name.to_string(), members)
        })
        .collect();
    Document {
        cluster,
        environment: "cloud",
        task: Task { kind: &replica.role, index: replica.index },
    }
    .to_text()
}
