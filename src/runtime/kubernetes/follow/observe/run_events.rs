//! Events that are not the agents' own: they are made of what the cluster's objects say.

use crate::event::{Event, EventKind};
use crate::gang::{ReplicaId, Verdict};
use crate::runtime::kubernetes::follow::watch::Waiting;
use crate::runtime::kubernetes::session::Session;
use crate::store::RunPaths;

/// An event of one replica, or of the whole run where there is none, that happens now.
pub(crate) fn event(
    session: &Session,
    run: &RunPaths,
    replica: Option<&ReplicaId>,
    kind: EventKind,
) -> Event {
    Event { replica: replica.cloned(), ..Event::new(&run.run, session.now(), kind) }
}

/// Says why a replica, or without one the whole run, waits.
pub(crate) fn waiting_event(
    session: &Session,
    run: &RunPaths,
    replica: Option<&ReplicaId>,
    waiting: Waiting,
) -> Event {
    let Waiting { reason, message } = waiting;
    event(session, run, replica, EventKind::Waiting { reason, message })
}

/// The end of a run whose agents did not tell it. `from` says for people where the verdict comes
/// from.
pub(crate) fn finished(session: &Session, run: &RunPaths, verdict: Verdict, from: &str) -> Event {
    Event::inferred_end(&run.run, session.now(), verdict, from)
}
