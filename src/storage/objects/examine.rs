//! What this user can do at a place, tried out.

use bytes::Bytes;
use serde::Serialize;

use super::{StorageError, StorageErrorKind, Stores};
use crate::storage::Place;

/// How one try ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "is", content = "why")]
pub enum Examined {
    /// It works.
    Yes,
    /// It does not, and why.
    No(String),
    /// It was not tried: something before it failed, or it wasn't asked for.
    Untried,
}

/// What works at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BucketReport {
    /// The place.
    pub place: Place,
    /// Credentials are found and the store answers.
    pub reachable: Examined,
    /// What is below the place can be listed.
    pub listable: Examined,
    /// Objects can be read.
    pub readable: Examined,
    /// Objects can be written and removed.
    pub writable: Examined,
    /// Of several writers that may write only what isn't there one succeeds; batch predictions rest on
    /// it.
    pub conditional: Examined,
}

impl BucketReport {
    /// Nothing has failed.
    pub fn is_fine(&self) -> bool {
        let all =
            [&self.reachable, &self.listable, &self.readable, &self.writable, &self.conditional];
        !all.iter().any(|one| matches!(one, Examined::No(_)))
    }
}

impl Stores {
    /// Tries what this user can do at a place. For one that is only read (`writes` false) nothing is
    /// written, and reading is tried with an object that is there. Else one small object,
    /// `.mlctl-examine-...`, is written below the place, read and removed.
    pub async fn examine(&self, place: &Place, writes: bool) -> BucketReport {
        let mut report = BucketReport {
            place: place.clone(),
            reachable: Examined::Yes,
            listable: Examined::Yes,
            readable: Examined::Untried,
            writable: Examined::Untried,
            conditional: Examined::Untried,
        };
        let listed = match self.listing(place).await {
            Ok(listing) => listing.objects,
            Err(error) => {
                let is_away = error.kind == StorageErrorKind::Unreachable;
                let is_denied = error.kind == StorageErrorKind::Denied;
                report.listable = Examined::No(error.to_string());
                if is_away || self.open("listing", place).await.is_err() || !is_denied {
                    report.reachable = report.listable;
                    report.listable = Examined::Untried;
                    return report;
                }
                Vec::new()
            }
        };
        if writes {
            self.try_writes(place, &mut report).await;
        } else if let Some(entry) = listed.iter().find(|entry| entry.size > 0) {
            report.readable = told(self.read_range(entry, 0..1).await);
        }
        report
    }

    async fn try_writes(&self, place: &Place, report: &mut BucketReport) {
        let word = format!("{:016x}", fastrand::u64(..));
        let base = place.as_str().trim_end_matches('/');
        let probe = Place::from(format!("{base}/.mlctl-examine-{word}"));
        let first = Bytes::from(format!("{word} 1"));
        if let Err(error) = self.put(&probe, first.clone()).await {
            report.writable = Examined::No(error.to_string());
            return;
        }
        report.readable = match self.read(&probe, 64).await {
            Ok((_, there)) if there == first => Examined::Yes,
            Ok(_) => Examined::No("what is read is not what was written".into()),
            Err(error) => Examined::No(error.to_string()),
        };
        let second = self.put_if_absent(&probe, format!("{word} 2")).await;
        report.conditional = match second {
            Ok(super::Put::Exists) => Examined::Yes,
            Ok(super::Put::Created) => Examined::No(
                "the store writes over what is there although it was asked not to: two workers could \
                 commit the same shard; take a store that honours If-None-Match"
                    .into(),
            ),
            Err(error) => Examined::No(error.to_string()),
        };
        report.writable = told(self.delete(&probe).await);
    }
}

fn told<T>(tried: Result<T, StorageError>) -> Examined {
    tried.map_or_else(|error| Examined::No(error.to_string()), |_| Examined::Yes)
}
