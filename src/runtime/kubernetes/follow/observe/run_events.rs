//! Events that are not the agents' own: they are made of what the cluster's objects say.

use jiff::Timestamp;

use crate::event::{Event, EventKind};
use crate::gang::{ReplicaId, Verdict};
use crate::runtime::kubernetes::follow::watch::Waiting;
use crate::store::RunPaths;

/// An event of one replica, or of the whole run where there is none, that happens now.
pub(crate) fn event(run: &RunPaths, replica: Option<&ReplicaId>, kind: EventKind) -> Event {
    Event { replica: replica.cloned(), ..Event::new(&run.run, Timestamp::now(), kind) }
}

/// Says why a replica, or without one the whole run, waits.
pub(crate) fn waiting_event(
    run: &RunPaths,
    replica: Option<&ReplicaId>,
    waiting: Waiting,
) -> Event {
    let Waiting { reason, message } = waiting;
    event(run, replica, EventKind::Waiting { reason, message })
}

/// The end of a run whose agents did not tell it. `from` says for people where the verdict comes
/// from.
pub(crate) fn finished(run: &RunPaths, verdict: Verdict, from: &str) -> Event {
    Event::inferred_end(&run.run, Timestamp::now(), verdict, from)
}
