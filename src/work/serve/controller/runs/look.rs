//! The look at the runs of replicas: those that a predecessor has left, those that run, those that end.

use std::collections::BTreeSet;
use std::time::Duration;

use mlctl_router::{ReplicaStats, Snapshot};

use super::replica::Replica;
use super::replica_runs::ReplicaRuns;
use crate::gang::RunId;
use crate::store::{ListFilter, Members, now};
use crate::work::serve::endpoint::ServeError;
use crate::work::serve::rollout::RevisionId;

impl ReplicaRuns<'_> {
    /// Finds the replicas that a predecessor has left.
    pub(super) fn find_runs(&mut self) -> Result<(), ServeError> {
        let store = self.place.store;
        let members = Members::Of(self.place.paths.endpoint.clone());
        let filter = ListFilter { members, ..ListFilter::default() };
        let listing = store.list(&filter, &mut |run: &RunId| store.record(run))?;
        for found in listing.runs.into_iter().filter(|run| !run.state.is_ended()) {
            let Some(of) = found.entry.serves.as_ref() else { continue };
            let Ok(name) = of.revision.parse() else { continue };
            let id = RevisionId::new(name, of.generation);
            let replica = Replica::new(store.paths(&found.entry.id), id);
            self.fleet.replicas.insert(found.entry.id, replica);
        }
        let ids: BTreeSet<RevisionId> =
            self.fleet.replicas.values().map(|replica| replica.of.clone()).collect();
        for id in ids {
            let living = self.fleet.living(&id);
            self.fleet.told(&id).wanted = Some(living);
        }
        Ok(())
    }

    /// Looks at every replica.
    pub(super) fn look_at_runs(&mut self, snapshot: &Snapshot, drain: Duration) -> Vec<String> {
        let time = now();
        let (store, runtime, paths) = (self.place.store, self.place.runtime, self.place.paths);
        let mut notes = Vec::new();
        for replica in self.fleet.replicas.values_mut() {
            let looked = replica.look(store, runtime, paths, time);
            let in_flight = in_flight(snapshot, replica);
            let looked = looked.and_then(|()| replica.finish_drain(runtime, in_flight, drain));
            if let Err(error) = looked {
                notes.push(format!("{}: {error}", replica.run()));
            }
        }
        for (id, run, reason) in self.fleet.settle(time) {
            notes.push(format!("a replica of {id} has ended ({run}): {reason}"));
        }
        notes
    }
}

/// Requests that a replica has.
fn in_flight(snapshot: &Snapshot, replica: &Replica) -> u64 {
    let stats = snapshot.revision(&replica.of.to_string());
    let own = |stats: &&ReplicaStats| stats.id == replica.run().as_str();
    let stats = stats.and_then(|stats| stats.replicas.iter().find(own));
    stats.map_or(0, |stats| stats.in_flight)
}
