//! The order in which frameworks count the replicas of a gang.

use super::error::UnknownReplica;
use crate::gang::ReplicaId;
use crate::plan::types::Plan;

/// A replica's place in the rank order, from 0; the primary is 0.
pub(super) fn rank(plan: &Plan, replica: &ReplicaId) -> Result<usize, UnknownReplica> {
    let members = &plan.gang().rules.members;
    let found = members.iter().position(|member| member.replica == *replica);
    found.ok_or_else(|| UnknownReplica(replica.clone()))
}
