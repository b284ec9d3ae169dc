//! Vertex AI's worker pools of a gang: which replica is where in `CLUSTER_SPEC`.
//!
//! Pool 0 is the primary alone, 1 the workers, 2 the parameter servers, 3 the evaluators
//!. A pool that nobody is in has no entry, and the others keep their numbers.

use std::collections::BTreeMap;

use crate::gang::ReplicaId;
use crate::plan::types::Plan;
use crate::spec::Framework;

/// The replicas of each pool, in order of their index there.
pub(super) fn pools(plan: &Plan) -> BTreeMap<usize, Vec<ReplicaId>> {
    let mut pools: BTreeMap<usize, Vec<ReplicaId>> = BTreeMap::new();
    for (position, role) in plan.gang().roles.iter().enumerate() {
        for index in 0..role.replicas {
            let pool = match (position, index) {
                (0, 0) => 0,
                (0, _) => 1,
                _ => pool_of_role(plan, position),
            };
            pools.entry(pool).or_default().push(ReplicaId::new(&role.name, index));
        }
    }
    pools
}

/// The pool of a role other than the primary's.
fn pool_of_role(plan: &Plan, position: usize) -> usize {
    let named = match plan.gang().roles[position].name.as_str() {
        "worker" => Some(1),
        "ps" => Some(2),
        "evaluator" => Some(3),
        _ => None,
    };
    let by_name = plan.gang().framework == Framework::Tensorflow
        || plan.gang().roles.first().is_some_and(|role| role.name == "chief");
    match named {
        Some(pool) if by_name => pool,
        // Pools 0 to 3 are taken by the names that TensorFlow knows.
        None if by_name => 3 + position,
        // Roles get pools in the file's order. If the first role has several replicas, those after
        // the primary are pool 1.
        _ => position + usize::from(plan.gang().roles[0].replicas > 1),
    }
}
