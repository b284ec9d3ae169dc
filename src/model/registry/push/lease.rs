//! The claim on a number, renewed while its push lives.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::AbortHandle;

use super::request::Push;
use crate::model::registry::catalog::Catalog;
use crate::model::registry::documents::{CLAIM_VERSION, ClaimDocument};
use crate::model::registry::error::RegistryError;
use crate::model::registry::layout::Layout;
use crate::model::registry::names::ModelName;
use crate::model::registry::read::Registry;
use crate::model::registry::sequence::bytes_of;
use crate::storage::{Object, Place, Put, Stores};

/// A push whose claim was not renewed for so long counts as dead.
pub(super) const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// How often a claim is renewed.
const RENEWAL: Duration = Duration::from_secs(20);
/// How often a number is tried that others take first.
const ATTEMPTS: u32 = 200;

/// A number that only this push may use.
pub(super) struct Claimed {
    pub(super) version: u64,
    /// The store's own time when it was claimed, by which the age of other claims is judged: the clocks of
    /// those who push may differ.
    pub(super) now: Option<Timestamp>,
    place: Place,
    renewal: AbortHandle,
}

impl Registry {
    /// Claims the next number, and renews the claim until it is dropped.
    pub(super) async fn claim(
        &self,
        name: &ModelName,
        word: &str,
        push: &Push,
    ) -> Result<Claimed, RegistryError> {
        let layout = self.layout(name);
        let document = ClaimDocument {
            schema_version: CLAIM_VERSION,
            push: word.to_owned(),
            by: push.by.clone(),
            host: push.host.clone(),
            at: push.at,
        };
        for _ in 0..ATTEMPTS {
            let version = self.next_number(&layout).await?;
            let place = layout.claim(version);
            let bytes = bytes_of(&place, &document)?;
            if self.stores.put_if_absent(&place, bytes.clone()).await? == Put::Exists {
                continue;
            }
            // Between the listing and the claim another push may have come to its end with this number.
            match self.stores.head(&layout.decision(version)).await {
                Ok(_) => {
                    self.stores.delete(&place).await?;
                    continue;
                }
                Err(error) => match RegistryError::from(error) {
                    error if error.is_not_found() => {}
                    error => return Err(error),
                },
            }
            let now = self.stores.head(&place).await?.modified;
            let renewal = tokio::spawn(renew(self.stores.clone(), place.clone(), bytes));
            return Ok(Claimed { version, now, place, renewal: renewal.abort_handle() });
        }
        Err(RegistryError::Busy { what: layout.model().to_string() })
    }

    /// A number that nobody has used: not mlctl, and no folder that somebody else has put there.
    async fn next_number(&self, layout: &Layout) -> Result<u64, RegistryError> {
        let known = Catalog::of(&self.stores, layout).await?.highest();
        let folders = self.stores.folders(&layout.model()).await?;
        let there = folders.iter().filter_map(|name| name.parse::<u64>().ok()).max();
        Ok(known.max(there.unwrap_or_default()) + 1)
    }
}

impl Claimed {
    /// Gives the number back.
    pub(super) async fn release(&self, stores: &Stores) -> Result<(), RegistryError> {
        self.renewal.abort();
        Ok(stores.delete(&self.place).await?)
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

async fn renew(stores: Stores, place: Place, bytes: Vec<u8>) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        // One that fails is followed by the next; if all do, the push is given up by another one, and
        // learns that when it decides.
        let _ = stores.put(&place, bytes.clone()).await;
    }
}

/// A claim that nobody has renewed for so long that its push counts as dead.
pub(super) fn is_dead(claim: &Object, now: Option<Timestamp>) -> bool {
    match (claim.modified, now) {
        (Some(renewed), Some(now)) => now.duration_since(renewed) > LEASE,
        // A store that tells no times: nothing is ever taken for dead.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_dead_when_it_was_not_renewed_for_long() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let claim = |modified: Option<Timestamp>| Object {
            place: "x".into(),
            size: 1,
            etag: None,
            modified,
        };
        assert!(is_dead(&claim(Some(now - SignedDuration::from_mins(6))), Some(now)));
        assert!(!is_dead(&claim(Some(now - SignedDuration::from_mins(4))), Some(now)));
        assert!(!is_dead(&claim(Some(now + SignedDuration::from_hours(9))), Some(now)));
        assert!(!is_dead(&claim(None), Some(now)));
        assert!(!is_dead(&claim(Some(now)), None));
        assert!(RENEWAL.as_secs() * 5 < LEASE.as_secs().unsigned_abs());
    }
}
