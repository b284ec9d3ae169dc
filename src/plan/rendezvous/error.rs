//! Why a replica has no environment.

use crate::gang::ReplicaId;

/// The plan has no such replica, so that it has no rank and no place in a pool. To give it another
/// replica's would let two commands work as the same member of a gang.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no replica of this run")]
pub struct UnknownReplica(pub ReplicaId);
