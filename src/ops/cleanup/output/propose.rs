//! What goes of the outputs of runs that go.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use super::files::Rule;
use crate::event::RunState;
use crate::gang::RunId;
use crate::ops::cleanup::{Details, Filter, Found, Kept, Proposal, Survey};
use crate::plan::BatchPlan;
use crate::storage::Place;

/// Adds what lies in the outputs of the runs that would go. Runs whose output can't be looked at stay:
/// they are what finds it again.
pub(in crate::ops::cleanup) fn add_outputs(
    survey: &Survey,
    filter: &Filter,
    proposal: &mut Proposal,
    details: &mut dyn Details,
) {
    let going: HashSet<RunId> =
        proposal.removals.iter().filter_map(|removal| removal.run.clone()).collect();
    let batches = || survey.runs.iter().filter(|run| run.is_batch());
    if !batches().any(|run| going.contains(&run.id)) {
        return;
    }
    let mut shared: BTreeMap<String, Vec<(&Found, BatchPlan)>> = BTreeMap::new();
    for run in batches() {
        if let Some(plan) = details.batch(&run.id)
            && let Some(key) = key(&plan.output)
        {
            shared.entry(key).or_default().push((run, plan));
        }
    }
    for runs in shared.into_values() {
        // A record that was found in a cluster may name anybody's output.
        let may = |run: &Found| !run.adopted || filter.named.contains(&run.id);
        let (goers, stayers): (Vec<_>, Vec<_>) =
            runs.into_iter().partition(|(run, _)| going.contains(&run.id));
        let goers: Vec<_> = goers.into_iter().filter(|(run, _)| may(run)).collect();
        match stayers.first() {
            Some((stayer, _)) => {
                for (run, _) in &goers {
                    note(proposal, &run.id, &format!("its output stays with {}", stayer.id));
                }
            }
            None => add_output(filter, &goers, proposal, details),
        }
    }
}

/// Runs that share one output and all go: each of their jobs is looked for there, and one can be found.
fn add_output(
    filter: &Filter,
    goers: &[(&Found, BatchPlan)],
    proposal: &mut Proposal,
    details: &mut dyn Details,
) {
    let mut jobs: BTreeMap<&str, Vec<&(&Found, BatchPlan)>> = BTreeMap::new();
    for goer in goers {
        jobs.entry(&goer.1.job).or_default().push(goer);
    }
    for same in jobs.into_values() {
        let Some((run, plan)) = same.iter().max_by_key(|(run, _)| run.at) else { continue };
        let rule = Rule {
            plan: plan.clone(),
            abandoned: same.iter().all(|(run, _)| run.state != RunState::Succeeded),
            everything: filter.outputs,
            adopted: run.adopted,
        };
        match details.look(&rule) {
            Ok(found) => {
                let stored = found.and_then(|found| rule.stored(&found));
                let removal =
                    proposal.removals.iter_mut().find(|one| one.run.as_ref() == Some(&run.id));
                if let Some(removal) = removal {
                    removal.stored = stored;
                }
            }
            Err(reason) => {
                for (run, plan) in &same {
                    proposal.removals.retain(|one| one.run.as_ref() != Some(&run.id));
                    let why =
                        format!("its output {} could not be looked at: {reason}", plan.output);
                    proposal.kept.push(Kept { run: run.id.clone(), why });
                }
            }
        }
    }
}

fn note(proposal: &mut Proposal, run: &RunId, what: &str) {
    let removal = proposal.removals.iter_mut().find(|one| one.run.as_ref() == Some(run));
    if let Some(removal) = removal {
        removal.why = format!("{}; {what}", removal.why);
    }
}

/// The same for every way to write one output; `None` for one that can't be reached from here: a claim,
/// or a path that depends on the folder it is looked up in.
fn key(output: &Place) -> Option<String> {
    let path = |path: &Path| path.is_absolute().then(|| path.to_string_lossy().into_owned());
    let text = match output {
        Place::Path(local) => path(local.as_path())?,
        Place::Object(_) => output.as_str().to_owned(),
        Place::Claim(_) => return None,
    };
    Some(text.trim_end_matches('/').to_owned())
}
