//! What would be removed, what stays although it was meant, and what that frees.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::filter::Filter;
use super::survey::{Cache, Found, Survey};
use crate::event::RunState;
use crate::gang::RunId;
use crate::hardware::Requests;
use crate::runtime::Holding;
use crate::store::RunSize;

/// Objects without a record may be a submission under way for this long.
const YOUNG: Duration = Duration::from_mins(10);

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
    /// Objects, processes and leases.
    pub things: usize,
    /// Bytes on this machine.
    pub bytes: u64,
    /// What is kept from others now.
    pub requests: Requests,
    /// What that costs for an hour, by currency.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub cost_per_hour: BTreeMap<String, f64>,
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
            totals.things += removal.things.len();
            totals.bytes = totals.bytes.saturating_add(removal.bytes);
            totals.requests.add(&removal.requests);
            for (currency, hour) in &removal.cost_per_hour {
                *totals.cost_per_hour.entry(currency.clone()).or_default() += hour;
            }
        }
        totals
    }
}

/// Decides what goes. `size` is asked for the folders of runs that go.
pub fn propose(
    survey: &Survey,
    filter: &Filter,
    size: &mut dyn FnMut(&RunId) -> RunSize,
) -> Proposal {
    let mut proposal = Proposal::default();
    let mut things: BTreeMap<(&str, &RunId), Vec<Holding>> = BTreeMap::new();
    for (runtime, held) in &survey.holdings {
        for holding in held {
            things.entry((runtime, &holding.run)).or_default().push(holding.clone());
        }
    }
    for run in &survey.runs {
        let held = things.remove(&(run.runtime.as_str(), &run.id)).unwrap_or_default();
        if !filter.wants(run, survey.now) {
            continue;
        }
        match of_run(survey, filter, run, held, size) {
            Ok(Some(removal)) => proposal.removals.push(removal),
            Ok(None) => {}
            Err(why) => proposal.kept.push(Kept { run: run.id.clone(), why }),
        }
    }
    if !filter.is_about_runs() {
        if let Some(machine) = &filter.only_own {
            things.retain(|(runtime, _), _| *runtime == machine);
        }
        let known: HashSet<&RunId> = survey.runs.iter().map(|run| &run.id).collect();
        for ((runtime, run), held) in
            things.into_iter().filter(|((_, run), _)| !known.contains(*run))
        {
            let foreign = held.iter().any(|holding| holding.foreign) && !filter.all_users;
            if foreign {
                continue;
            }
            if held.iter().any(|holding| holding.is_record) {
                // The record is damaged or was written by a newer mlctl: whether the run may go
                // can't be known.
                let why = format!("its record in {runtime} can't be read");
                proposal.kept.push(Kept { run: run.to_owned(), why });
            } else {
                proposal.removals.extend(orphan(survey, filter, runtime, run, held));
            }
        }
        if !filter.orphans {
            proposal.removals.extend(caches(survey, filter));
        }
    }
    proposal
}

/// What goes of a run that is meant: `None` when nothing of it is left, an error when it stays.
fn of_run(
    survey: &Survey,
    filter: &Filter,
    run: &Found,
    mut held: Vec<Holding>,
    size: &mut dyn FnMut(&RunId) -> RunSize,
) -> Result<Option<Removal>, String> {
    // A run that was never submitted holds nothing in its runtime. Should a broken submission have
    // left something all the same, its labels show it as soon as the runtime can be asked.
    if !survey.holdings.contains_key(&run.runtime) && !run.unsubmitted {
        let what = format!("{} could not be asked what it still holds", run.runtime);
        return Err(match survey.refused.get(&run.runtime) {
            Some(reason) => format!("{what}: {reason}"),
            None => what,
        });
    }
    // Anybody may put this run's label on an object of theirs: only its record says whose the run is.
    let record = held.iter().find(|holding| holding.is_record);
    let foreign =
        record.map_or_else(|| held.iter().any(|one| one.foreign), |record| record.foreign);
    if foreign && !filter.all_users {
        // Removing the run from this state folder alone would leave its objects in the cluster,
        // with nothing that remembers them.
        let runtime = &run.runtime;
        return Err(format!("another user's name is on it in {runtime}; --all-users removes it"));
    }
    held.retain(|holding| !holding.foreign || filter.all_users);
    let ended = run.state.is_ended();
    if !ended && !filter.running {
        return Err(format!("it is {}; --running ends it", run.state));
    }
    let size = if run.in_state { size(&run.id) } else { RunSize::default() };
    let keeps_model = size.has_model && run.state == RunState::Succeeded && !filter.models;
    let folder = match (run.in_state, keeps_model) {
        (true, false) => Folder::Removed,
        (true, true) if size.stripped > 0 => Folder::Stripped,
        _ => Folder::None,
    };
    let bytes = match folder {
        Folder::None => 0,
        Folder::Removed => size.all,
        Folder::Stripped => size.stripped,
    };
    let things = going(held);
    if things.is_empty() && folder == Folder::None {
        return Ok(None);
    }
    Ok(Some(Removal {
        run: Some(run.id.clone()),
        runtime: Some(run.runtime.clone()),
        state: Some(run.state),
        at: Some(run.at),
        why: match (ended, keeps_model) {
            (false, _) => "still runs".into(),
            (true, true) => "ended; its model stays".into(),
            (true, false) => "ended".into(),
        },
        ends: !ended,
        requests: requests(&things),
        cost_per_hour: BTreeMap::new(),
        things,
        folder,
        bytes,
        cache: None,
    }))
}

/// The removal of objects whose run neither the state folder nor a record in the cluster knows.
fn orphan(
    survey: &Survey,
    filter: &Filter,
    runtime: &str,
    run: &RunId,
    held: Vec<Holding>,
) -> Option<Removal> {
    let newest = held.iter().filter_map(|holding| holding.since).max();
    let age = newest.map(|at| survey.now.duration_since(at).unsigned_abs());
    // Objects without a record may be a submission under way, unless the user says which age is old
    // enough.
    let limit = filter.older_than.unwrap_or(YOUNG);
    if age.is_some_and(|age| age < limit) {
        return None;
    }
    let things = going(held);
    (!things.is_empty()).then(|| Removal {
        run: Some(run.to_owned()),
        runtime: Some(runtime.to_owned()),
        at: newest,
        why: "no record of its run".into(),
        requests: requests(&things),
        things,
        ..Removal::default()
    })
}

fn caches(survey: &Survey, filter: &Filter) -> Vec<Removal> {
    // A cache is touched when a run starts and not while it runs: one that was touched since the
    // oldest living run started may be in use.
    let living = survey.runs.iter().filter(|run| !run.state.is_ended()).map(|run| run.at).min();
    let unused = survey.caches.iter().filter(|cache| {
        filter.is_old(cache.used, survey.now) && living.is_none_or(|since| cache.used < since)
    });
    unused
        .map(|cache| Removal {
            at: Some(cache.used),
            why: "cache".into(),
            bytes: cache.bytes,
            cache: Some(cache.clone()),
            ..Removal::default()
        })
        .collect()
}

/// What can be removed, in the order in which it is: Jobs before what their pods need, and the record
/// last, so that whatever is left after an interruption is found again. What is going already, is.
fn going(mut held: Vec<Holding>) -> Vec<Holding> {
    held.retain(|holding| holding.going.is_none());
    held.sort_by_key(|holding| (holding.is_record, holding.kind != "Job", holding.name.clone()));
    held
}

fn requests(things: &[Holding]) -> Requests {
    let mut all = Requests::default();
    for thing in things {
        all.add(&thing.requests);
    }
    all
}
