//! Whether those who call an endpoint can go on with the model that it is to get. It is said before anything
//! changes, and stops nobody: callers may be ready for it already.

use std::sync::mpsc::channel;
use std::time::Duration;

use super::target::EndpointTarget;
use crate::cli::Context;
use crate::model::inspect::{Difference, Effect, Report, inspect};
use crate::storage::Place;
use crate::work::serve::{Definition, Prepared};

/// A model that takes longer to look into is passed by: whoever serves it waits for its answer.
const LIMIT: Duration = Duration::from_secs(5);
/// So many differences are told; `model diff` shows all of them.
const TOLD: usize = 3;

/// Warns of new revisions that callers of what answers most requests now can't call. Models that can't be read
/// from here, or don't say what they take, are passed by.
pub(super) fn warn_of_broken_callers(
    context: &Context,
    target: &EndpointTarget,
    prepared: &Prepared,
) {
    let Some((old_name, old)) = answering(target) else { return };
    let Some(before) = old.model.place.as_ref() else { return };
    let known = target.state.rules.as_ref().map(|rules| &rules.revisions);
    let mut old_report = None;
    for definition in &prepared.definitions {
        let mut rules = prepared.rules.revisions.iter();
        let Some((name, _)) = rules.find(|(_, one)| one.digest == definition.digest) else {
            continue;
        };
        let is_known = known.and_then(|all| all.get(name));
        let Some(after) = definition.model.place.as_ref() else { continue };
        if is_known.is_some_and(|one| one.digest == definition.digest) || after == before {
            continue;
        }
        let report = old_report.get_or_insert_with(|| read(context, before));
        let (Some(old_report), Some(new_report)) = (report, read(context, after)) else { continue };
        let difference = Difference::of(old_report, &new_report);
        let breaks = difference.changes.iter().filter(|one| one.effect == Effect::Breaks);
        let breaks: Vec<String> =
            breaks.map(|change| format!("{}: {}", change.place, change.text)).collect();
        if !difference.is_known || breaks.is_empty() {
            continue;
        }
        let more = breaks.len().saturating_sub(TOLD);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let told = breaks[..breaks.len().min(TOLD)].join("; ");
        context.printer.warn(format!("{name} breaks those who call {old_name}: {told}{more}"));
        context.printer.hint(format!(
            "let callers ask for {name} by its name first: `traffic: 0` keeps all others with {old_name}"
        ));
    }
}

/// The revision that answers most requests now.
fn answering(target: &EndpointTarget) -> Option<(String, Definition)> {
    let state = &target.state;
    let most = state.revisions.iter().max_by_key(|(id, _)| state.weights.get(id));
    let (id, revision) = most.filter(|(id, _)| state.weights.get(id) > 0)?;
    let definition = Definition::read(&target.paths, &revision.rules.digest).ok()?;
    Some((id.name.to_string(), definition))
}

/// What a model says, where it says it soon.
fn read(context: &Context, place: &Place) -> Option<Report> {
    let (stores, handle, place) = (context.stores(), context.handle().ok()?, place.clone());
    let (done, report) = channel();
    // A store that doesn't answer holds up nobody but this thread, which ends with the process.
    std::thread::spawn(move || {
        let _ = done.send(inspect(&stores, &handle, &place).ok());
    });
    report.recv_timeout(LIMIT).ok().flatten()
}
