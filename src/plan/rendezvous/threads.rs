//! Thread pools that follow a role's cores: a command that sees all of a machine's cores starts far
//! more threads than it may use.

use indexmap::IndexMap;

use crate::plan::types::RolePlan;

const THREAD_POOLS: [&str; 4] =
    ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"];

/// TensorFlow's pool for whole operations. Operations that wait for a peer hold a thread of it, so
/// with fewer threads than peers a parameter-server gang stands still for ever.
const TF_INTEROP: &str = "TF_NUM_INTEROP_THREADS";

/// Sets the pools of a role that says how many cores it has, unless the spec sets them.
pub(super) fn pools(role: &RolePlan, replicas: usize, env: &mut IndexMap<String, String>) {
    let Some(cpu) = role.cpu else { return };
    let cores = cpu.millis.div_ceil(1000);
    let threads = cores.to_string();
    for name in THREAD_POOLS {
        env.entry(name.into()).or_insert_with(|| threads.clone());
    }
    env.entry(TF_INTEROP.into()).or_insert_with(|| (cores.max(replicas as u64) + 1).to_string());
}
