//! A proposal: what would be removed, what stays although it was meant, and what that frees.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::output::Stored;
use super::survey::Cache;
use crate::event::RunState;
use crate::gang::RunId;
use crate::hardware::Requests;
use crate::runtime::Holding;

/// Something that goes as one: a run, what is left of one, or a cache.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    /// Id of the run; `None` for a cache.
    pub run: Option<RunId>,
    /// Name of the runtime that the run belongs to; `None` for a cache.
    pub runtime: Option<String>,
    /// The state of the run; `None` where no run is known.
    pub state: Option<RunState>,
    /// When it ended or was used last.
    pub at: Option<Timestamp>,
    /// Why it may go, for people.
    pub why: String,
    /// The run is still alive and is ended before it is removed.
    pub ends: bool,
    /// What the runtime holds of it, the record last.
    pub things: Vec<Holding>,
    /// Its folder goes, or all of it but the model and the story.
    pub folder: Folder,
    /// What goes of its job in the output of its batch prediction; absent for other work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<Stored>,
    /// The cache that is removed; `None` for a run.
    pub cache: Option<Cache>,
    /// Bytes on this machine's disk that are freed.
    pub bytes: u64,
    /// CPU, memory and accelerators that it keeps from others now.
    pub requests: Requests,
    /// What that costs for an hour, by currency.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cost_per_hour: BTreeMap<String, f64>,
}

/// What happens to a run's folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Folder {
    /// There is none, or nothing in it can go.
    #[default]
    None,
    /// The whole folder is removed, and the run leaves the list.
    Removed,
    /// Its model and its story stay.
    Stripped,
}

/// A run that was meant and stays.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Id of the run.
    pub run: RunId,
    /// Why it stays, in words for people.
    pub why: String,
}

/// What goes and what stays.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proposal {
    /// What would be removed, each with the reason.
    pub removals: Vec<Removal>,
    /// Runs that were wanted and stay, each with the reason.
    pub kept: Vec<Kept>,
}

/// What a proposal frees.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// Runs, leftovers and caches.
    pub removals: usize,
    /// Runs that are known.
    pub runs: usize,
    /// What is left of runs that nobody knows.
    pub leftovers: usize,
    /// Python environments, staged models, fetched data.
    pub caches: usize,
    /// Objects, processes and leases.
    pub things: usize,
    /// Bytes on this machine.
    pub bytes: u64,
    /// Objects in the outputs of batch predictions.
    #[serde(skip_serializing_if = "is_zero")]
    pub stored: usize,
    /// Their bytes.
    #[serde(skip_serializing_if = "is_zero")]
    pub stored_bytes: u64,
    /// What is kept from others now.
    pub requests: Requests,
    /// What that costs for an hour, by currency.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cost_per_hour: BTreeMap<String, f64>,
}

fn is_zero<T: Default + PartialEq>(count: &T) -> bool {
    *count == T::default()
}

impl Proposal {
    /// Says what an hour of each removal costs, where `price` knows: an amount and its currency.
    pub fn price(&mut self, price: &mut dyn FnMut(&Removal) -> Option<(f64, String)>) {
        for removal in &mut self.removals {
            if !removal.requests.is_empty()
                && let Some((hour, currency)) = price(removal)
            {
                removal.cost_per_hour.insert(currency, hour);
            }
        }
    }

    /// Sums of what the removals free.
    pub fn totals(&self) -> Totals {
        let mut totals = Totals { removals: self.removals.len(), ..Totals::default() };
        for removal in &self.removals {
            match (&removal.cache, removal.state) {
                (Some(_), _) => totals.caches += 1,
                (None, Some(_)) => totals.runs += 1,
                (None, None) => totals.leftovers += 1,
            }
            totals.things += removal.things.len();
            totals.bytes = totals.bytes.saturating_add(removal.bytes);
            if let Some(stored) = &removal.stored {
                totals.stored += stored.objects.len();
                totals.stored_bytes = totals.stored_bytes.saturating_add(stored.bytes);
            }
            totals.requests.add(&removal.requests);
            for (currency, hour) in &removal.cost_per_hour {
                *totals.cost_per_hour.entry(currency.clone()).or_default() += hour;
            }
        }
        totals
    }
}
