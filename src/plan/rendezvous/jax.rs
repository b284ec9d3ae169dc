//! JAX's variables. JAX itself reads only the address; the code passes the other two to
//! `jax.distributed.initialize(num_processes=..., process_id=...)`. Code of one's own finds the same by the names
//! that replicas without a framework have.

use super::pytorch;
use crate::plan::types::{Addresses, Plan, Port};

/// Sets the variables of a replica of this rank. It runs one process, which drives all its
/// accelerators.
pub(super) fn variables(
    plan: &Plan,
    rank: usize,
    addresses: &dyn Addresses,
    set: &mut impl FnMut(&str, String),
) {
    let primary = plan.gang().primary();
    let coordinator =
        format!("{}:{}", addresses.host(primary), addresses.port(primary, Port::Master));
    set("JAX_COORDINATOR_ADDRESS", coordinator);
    set("JAX_NUM_PROCESSES", plan.gang().rules.members.len().to_string());
    set("JAX_PROCESS_ID", rank.to_string());
    pytorch::plain(plan, rank, addresses, set);
}
