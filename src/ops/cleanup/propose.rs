//! Deciding what is removed and what stays.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::filter::{Filter, is_past};
use super::output::{JobFiles, Rule, add_outputs};
use super::proposal::{Folder, Kept, Proposal, Removal};
use super::survey::{Found, Survey};
use crate::event::RunState;
use crate::gang::RunId;
use crate::hardware::Requests;
use crate::plan::BatchPlan;
use crate::runtime::{Holding, another_users};
use crate::store::RunSize;

/// Objects without a record may be a submission under way for this long.
const YOUNG: Duration = Duration::from_mins(10);

/// What takes time to find out, and is asked only about runs that would go.
pub trait Details {
    /// How large a run's folder is.
    fn size(&mut self, run: &RunId) -> RunSize;
    /// What the plan of a batch prediction says; `None` where there is none, or it can't be read.
    fn batch(&mut self, run: &RunId) -> Option<BatchPlan>;
    /// What a job has in its output; `None` where that is not, or no longer, the job's. An error says
    /// for people why it can't be known.
    fn look(&mut self, rule: &Rule) -> Result<Option<JobFiles>, String>;
}

/// Decides what goes.
pub fn propose(survey: &Survey, filter: &Filter, details: &mut dyn Details) -> Proposal {
    let mut proposal = Proposal::default();
    let mut things: BTreeMap<(&str, &RunId), Vec<Holding>> = BTreeMap::new();
    for (runtime, held) in &survey.holdings {
        for holding in held {
            things.entry((runtime, &holding.run)).or_default().push(holding.clone());
        }
    }
    for run in &survey.runs {
        let held = things.remove(&(run.runtime.as_str(), &run.id)).unwrap_or_default();
        if !filter.wants(run, survey.now_in(&run.runtime)) {
            continue;
        }
        match of_run(survey, filter, run, held, details) {
            Ok(Some(removal)) => proposal.removals.push(removal),
            Ok(None) => {}
            Err(why) => proposal.kept.push(Kept { run: run.id.clone(), why }),
        }
    }
    add_outputs(survey, filter, &mut proposal, details);
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
    details: &mut dyn Details,
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
    if another_users(&held).is_some() && !filter.all_users {
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
    let size = if run.in_state { details.size(&run.id) } else { RunSize::default() };
    let wanted = if run.is_batch() { filter.outputs } else { filter.models };
    let keeps_output = size.has_output && run.state == RunState::Succeeded && !wanted;
    let folder = match (run.in_state, keeps_output) {
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
        why: match (ended, keeps_output) {
            (false, _) => "still runs".into(),
            (true, true) if run.is_batch() => "logs go, results stay".into(),
            (true, true) => "logs go, model stays".into(),
            (true, false) => "ended".into(),
        },
        ends: !ended,
        requests: requests(&things),
        cost_per_hour: BTreeMap::new(),
        things,
        folder,
        bytes,
        stored: None,
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
    // Objects without a record may be a submission under way, unless the user says which age is old
    // enough.
    let limit = filter.older_than.unwrap_or(YOUNG);
    if newest.is_some_and(|at| !is_past(at, survey.now_in(runtime), limit)) {
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

/// What can be removed, in the order in which it is: Jobs and Deployments before what
/// their pods need, and the record
/// last, so that whatever is left after an interruption is found again. What is going already, is.
fn going(mut held: Vec<Holding>) -> Vec<Holding> {
    held.retain(|holding| holding.going.is_none());
    let makes_pods = |holding: &Holding| ["Job", "Deployment"].contains(&holding.kind.as_str());
    held.sort_by_key(|holding| (holding.is_record, !makes_pods(holding), holding.name.clone()));
    held
}

fn requests(things: &[Holding]) -> Requests {
    let mut all = Requests::default();
    for thing in things {
        all.add(&thing.requests);
    }
    all
}
