//! Finding a replica for a request, or waiting for one.

use std::pin::pin;
use std::sync::Arc;

use http::{HeaderMap, Method};
use tokio::time::Instant;

use super::Account;
use crate::live::{Lease, Live, Place, Replica, Revision};
use crate::route::{Call, Choice, Refusal};
use crate::router::Shared;

/// What a choice looks at.
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    pub(super) path: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) grpc: bool,
    /// When the request's time is over.
    pub(super) deadline: Instant,
}

/// A replica for a try, and the configuration by which it was found.
pub(super) struct Found {
    pub(super) live: Arc<Live>,
    /// The revision's place in it.
    pub(super) place: usize,
    pub(super) call: Call,
    pub(super) lease: Lease,
}

/// What was chosen for a request; it stays, as long as the configuration lets it.
#[derive(Default)]
pub(super) struct Kept(Option<(Arc<Revision>, bool, Call)>);

impl Kept {
    /// What it calls, once that is known.
    pub(super) fn call(&self) -> Option<Call> {
        self.0.as_ref().map(|(_, _, call)| *call)
    }
}

/// A replica: now, or when one has room or is there.
pub(super) async fn find(
    shared: &Shared,
    asked: &Asked<'_>,
    kept: &mut Kept,
    tried: &[Arc<Replica>],
    account: &mut Account,
) -> Result<Found, Refusal> {
    let mut waiting: Option<Place> = None;
    loop {
        let live = shared.live();
        let choice = choose(shared, &live, asked, kept)?;
        let served = &live.served[choice.revision];
        let revision = served.revision.clone();
        account.goes_to(&revision);
        *kept = Kept(Some((revision.clone(), choice.forced, choice.call)));
        if !served.available() {
            return Err(Refusal::NoReplica(revision.name.clone()));
        }
        if asked.grpc && !served.replicas.is_empty() && !served.has_grpc() {
            return Err(Refusal::NoGrpc(revision.name.clone()));
        }

        // The place of a revision that is no longer the one is of no use, and a permit that it may
        // have got is another's.
        if let Some(place) = waiting.take_if(|place| !Arc::ptr_eq(place.revision(), &revision)) {
            let before = place.revision().clone();
            drop(place);
            before.one_freed();
        }
        // Those who wait come first.
        if (waiting.is_some() || revision.nobody_waits())
            && let Some(lease) = served.lease(asked.grpc, tried)
        {
            return Ok(Found { place: choice.revision, call: choice.call, live, lease });
        }
        let name = || revision.name.clone();
        let limit = live.config.limits.queue;
        let place = match &waiting {
            Some(place) => place,
            None => waiting.insert(revision.wait(limit).ok_or_else(|| Refusal::QueueFull(name()))?),
        };
        let mut freed = pin!(revision.freed());
        freed.as_mut().enable();
        // What was freed or changed before the wait began is told to nobody.
        let changed = !Arc::ptr_eq(&live, &shared.live());
        if !changed
            && place.first
            && let Some(lease) = served.lease(asked.grpc, tried)
        {
            return Ok(Found { place: choice.revision, call: choice.call, live, lease });
        }
        if changed {
            continue;
        }
        if tokio::time::timeout_at(asked.deadline, freed).await.is_err() {
            return Err(if served.replicas.is_empty() {
                Refusal::NoReplica(name())
            } else {
                let millis = live.config.limits.timeout.as_millis() as u64;
                Refusal::TimedOut { revision: name(), millis }
            });
        }
    }
}

/// The revision of a request: the one that it has, as long as it may have it, else a new choice.
fn choose(shared: &Shared, live: &Live, asked: &Asked<'_>, kept: &Kept) -> Result<Choice, Refusal> {
    if let Some((revision, forced, call)) = &kept.0 {
        let place = live.place_of(revision);
        let stays = place.filter(|place| {
            let served = &live.served[*place];
            *forced || (served.available() && served.weight > 0)
        });
        if let Some(revision) = stays {
            return Ok(Choice { revision, forced: *forced, call: *call });
        }
        // Nobody else may answer for one that was asked for by name.
        if *forced {
            return Err(Refusal::NoReplica(revision.name.clone()));
        }
    }
    let available =
        |index: usize| live.served.get(index).is_some_and(crate::live::Served::available);
    live.table.choose(asked.method, asked.path, asked.headers, &shared.points, available)
}
