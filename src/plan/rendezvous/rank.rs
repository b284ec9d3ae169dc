//! The order in which frameworks count the replicas of a gang.

use crate::gang::ReplicaId;
use crate::plan::types::Plan;

/// A replica's place in the rank order, from 0; the primary is 0.
pub(super) fn rank(plan: &Plan, replica: &ReplicaId) -> usize {
    plan.gang().rules.members.iter().position(|member| member.replica == *replica).unwrap_or(0)
}
