//! Where to look, what would go, and its removal.

use super::args::CleanupArgs;
use super::chosen::filter;
use crate::cli::{CliError, Context, LOCAL, RuntimeRefresh};
use crate::gang::RunId;
use crate::ops::cleanup::{
    Details, Failure, JobFiles, Outputs, Places, Proposal, Rule, Stored, Surveyed, carry_out,
    propose,
};
use crate::plan::BatchPlan;
use crate::store::{ListFilter, Members, RunSize, Store, now};
use crate::sys::check_own;
use crate::ui::removal_title;

/// What a clean-up would do, with what each removal costs while it stays.
pub(super) fn survey_and_propose(
    context: &Context,
    store: &Store,
    args: &CleanupArgs,
) -> Result<(Surveyed, Proposal), CliError> {
    let filter = filter(context, store, args)?;
    let surveyed = survey(context, store, args, &filter.runs)?;
    let mut proposal = propose(&surveyed.survey, &filter, &mut Asked { context, store });
    proposal.price(&mut |removal| {
        let prices = context.prices_or_warn(removal.runtime.as_deref().unwrap_or(LOCAL));
        let plan = removal.run.as_ref().and_then(|run| store.paths(run).read_plan().ok());
        prices.held(&removal.requests, plan.as_ref())
    });
    Ok((surveyed, proposal))
}

/// Asks the state folder and the stores of outputs.
struct Asked<'a> {
    context: &'a Context,
    store: &'a Store,
}

impl Details for Asked<'_> {
    fn size(&mut self, run: &RunId) -> RunSize {
        self.store.run_size(run)
    }

    fn batch(&mut self, run: &RunId) -> Option<BatchPlan> {
        self.store.paths(run).read_plan().ok()?.batch().cloned()
    }

    fn look(&mut self, rule: &Rule) -> Result<Option<JobFiles>, String> {
        outputs(self.context)?.look(rule)
    }
}

fn outputs(context: &Context) -> Result<Outputs, String> {
    let handle = context.handle().map_err(|error| error.message)?;
    Ok(Outputs::new(context.stores(), handle))
}

/// Removes what was proposed; what could not be removed.
pub(super) fn remove(
    context: &Context,
    store: &Store,
    surveyed: &Surveyed,
    proposal: &Proposal,
) -> Vec<Failure> {
    let runtime_of = |name: &str| surveyed.runtimes.get(name).map(|runtime| &**runtime);
    let mut unstore = |stored: &Stored, was_alive| outputs(context)?.remove(stored, was_alive);
    carry_out(proposal, store, &runtime_of, &mut unstore, &mut |removal| {
        context.printer.detail(format!("removing {}", removal_title(removal)));
    })
}

/// Where to look, as the command line says it.
fn survey(
    context: &Context,
    store: &Store,
    args: &CleanupArgs,
    named: &[RunId],
) -> Result<Surveyed, CliError> {
    let all = ListFilter { members: Members::Shown, ..ListFilter::default() };
    let listing = if named.is_empty() {
        store.list(&all, &mut RuntimeRefresh { context, store })?
    } else {
        // Named runs were brought up to date when they were resolved.
        store.list(&all, &mut |run: &RunId| store.record(run))?
    };
    let chosen = if named.is_empty() { context.chosen()?.name() } else { String::new() };
    // What lies in a folder of another user's is not this user's to remove.
    let cache = context.env.cache_dir()?;
    check_own(&cache)?;
    let places = Places {
        local: LOCAL,
        chosen: &chosen,
        is_named: context.names_a_place(),
        runs: named,
        all_users: args.all_users,
        cache: &cache,
    };
    let connect = |name: &str| context.runtime(name);
    places.survey(&listing.runs, now(), &connect, &mut |notice| context.printer.warn(notice))
}
