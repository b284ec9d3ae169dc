//! PyTorch's variables, for plain Python and for torchrun.
//!
//! mlctl starts one process per replica. For plain Python that process is the rank, so `RANK` and
//! `WORLD_SIZE` count replicas and `LOCAL_RANK` is 0, however many accelerators it drives; both
//! count processes. torchrun is that one process too: it reads `PET_*`, starts
//! `PET_NPROC_PER_NODE` children (one per accelerator) and gives each of them `RANK`, `WORLD_SIZE`
//! and `LOCAL_RANK` of its own over what is set here.

use crate::gang::ReplicaId;
use crate::plan::types::{Addresses, Plan, Port};

/// Sets the variables for both ways of starting a command.
pub(super) fn variables(
    plan: &Plan,
    replica: &ReplicaId,
    rank: usize,
    addresses: &dyn Addresses,
    set: &mut impl FnMut(&str, String),
) {
    let primary = plan.gang().primary();
    let role = plan.gang().roles.iter().find(|role| role.name == replica.role);
    let processes =
        role.and_then(|role| role.accelerators.as_ref()).map_or(1, |gpus| gpus.count.max(1));
    set("PET_NNODES", plan.gang().rules.members.len().to_string());
    set("PET_NPROC_PER_NODE", processes.to_string());
    set("PET_NODE_RANK", rank.to_string());
    set("PET_MASTER_ADDR", addresses.host(primary));
    set("PET_MASTER_PORT", addresses.port(primary, Port::Master).to_string());
    // The gang restarts as a whole; torchrun restarting its children would hide failures from it.
    set("PET_MAX_RESTARTS", "0".into());
    plain(plan, rank, addresses, set);
    set("LOCAL_RANK", "0".into());
    set("LOCAL_WORLD_SIZE", "1".into());
    // Lightning and Composer without a launcher count machines by it; torchrun, which has its own, leaves
    // it alone.
    set("NODE_RANK", rank.to_string());
}

/// Sets what `init_process_group("env://")` reads; Vertex AI sets these four on every job of
/// several replicas.
pub(super) fn plain(
    plan: &Plan,
    rank: usize,
    addresses: &dyn Addresses,
    set: &mut impl FnMut(&str, String),
) {
    let primary = plan.gang().primary();
    set("MASTER_ADDR", addresses.host(primary));
    set("MASTER_PORT", addresses.port(primary, Port::Master).to_string());
    set("RANK", rank.to_string());
    set("WORLD_SIZE", plan.gang().rules.members.len().to_string());
}
