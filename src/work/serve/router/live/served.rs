//! A revision as one configuration has it.

use std::sync::Arc;
use std::time::Instant;

use super::{Lease, Replica, Revision};
use crate::route::pick;

/// A revision with its replicas of now.
pub(crate) struct Served {
    pub(crate) revision: Arc<Revision>,
    pub(crate) replicas: Vec<Arc<Replica>>,
    pub(crate) weight: u32,
    pub(crate) hold: bool,
    /// Requests of each replica at once.
    pub(crate) most: usize,
}

impl Served {
    /// Whether somebody answers, or is waited for.
    pub(crate) fn available(&self) -> bool {
        self.hold || !self.replicas.is_empty()
    }

    /// Whether any replica speaks gRPC.
    pub(crate) fn has_grpc(&self) -> bool {
        self.replicas.iter().any(|replica| replica.grpc.is_some())
    }

    /// A place at a replica that has room: one that was not tried before, as long as there is one,
    /// and of those one with little to do. None if all are full.
    pub(crate) fn lease(&self, grpc: bool, tried: &[Arc<Replica>]) -> Option<Lease> {
        let now = Instant::now();
        let speaks = |replica: &Replica| !grpc || replica.grpc.is_some();
        if let [only] = self.replicas.as_slice() {
            return if speaks(only) {
                only.lease(&self.revision, self.most, now, true)
            } else {
                None
            };
        }
        let fresh = |replica: &Arc<Replica>| !tried.iter().any(|one| Arc::ptr_eq(one, replica));
        let well = |replica: &Replica| replica.admits(now);
        // Whoever was tried or is ejected is only asked if there is nobody else, not because the
        // others are busy.
        let replicas = || self.replicas.iter().filter(|replica| speaks(replica));
        let only_fresh = replicas().any(|replica| fresh(replica) && well(replica));
        let only_well = only_fresh || replicas().any(|replica| well(replica));
        let cost = |index: usize| {
            let replica = &self.replicas[index];
            let fits = speaks(replica)
                && (!only_fresh || fresh(replica))
                && (!only_well || well(replica))
                && replica.has_room(self.most);
            fits.then(|| replica.cost(now))
        };
        // What was free may be taken by another request between the look and the grasp.
        for _ in 0..=self.replicas.len() {
            let index = pick(self.replicas.len(), |below| fastrand::usize(..below.max(1)), cost)?;
            let lease = self.replicas[index].lease(&self.revision, self.most, now, !only_well);
            if lease.is_some() {
                return lease;
            }
        }
        None
    }
}
