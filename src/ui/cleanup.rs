//! What a clean-up would remove, as a table and as sums.

use std::collections::BTreeMap;
use std::io;

use jiff::Timestamp;

use super::human::{age, bytes, number};
use super::{Printer, Table, run_state_style};
use crate::hardware::Requests;
use crate::ops::cleanup::{CacheKind, Kept, Proposal, Removal, Stored, Totals};
use crate::ops::cost::money;

/// Prints what would be removed: a table on standard output, since it is the data that was asked
/// for, and the sums and what is kept on standard error. Ages are counted up to `now`.
pub fn show_proposal(printer: &Printer, proposal: &Proposal, now: Timestamp) -> io::Result<()> {
    let mut table =
        Table::new(&["WHAT", "STATE", "AGE", "WHERE", "OBJECTS", "DISK", "USES", "WHY"])
            .whole(&[0])
            .painted(1);
    for removal in &proposal.removals {
        let or_empty = |text: Option<String>| text.unwrap_or_default();
        let style = removal.state.map(run_state_style).unwrap_or_default();
        table.painted_row(
            style,
            vec![
                removal_title(removal),
                or_empty(removal.state.map(|state| state.to_string())),
                or_empty(removal.at.map(|at| age(at, now))),
                or_empty(removal.runtime.clone()),
                if removal.things.is_empty() {
                    String::new()
                } else {
                    removal.things.len().to_string()
                },
                if removal.bytes == 0 { String::new() } else { bytes(removal.bytes) },
                uses(&removal.requests, &removal.cost_per_hour),
                removal.why.clone(),
            ],
        );
    }
    if table.is_empty() {
        printer.say("nothing to remove");
    } else {
        printer.show(table.render(printer))?;
        printer.say("");
        printer.say(format!("in all {}", totals_text(&proposal.totals())));
    }
    for (removal, stored) in with_stored(proposal) {
        let size = bytes(stored.bytes);
        let count = stored.objects.len();
        let title = removal_title(removal);
        printer.say(format!("{title}: {count} objects, {size}, in {}", stored.output));
    }
    for Kept { run, why } in &proposal.kept {
        printer.say(format!("{run} stays: {why}"));
    }
    Ok(())
}

fn with_stored(proposal: &Proposal) -> impl Iterator<Item = (&Removal, &Stored)> {
    proposal.removals.iter().filter_map(|removal| Some((removal, removal.stored.as_ref()?)))
}

/// The name of what is removed: a run's id, `environment NAME`, `model NAME`, `data NAME`, or nothing
/// when neither is known.
pub fn removal_title(removal: &Removal) -> String {
    match (&removal.run, &removal.cache) {
        (Some(run), _) => run.to_string(),
        (None, Some(cache)) => {
            let name = cache.path.file_name().map(|name| name.to_string_lossy().into_owned());
            let kind = match cache.kind {
                CacheKind::Environment => "environment",
                CacheKind::Model => "model",
                CacheKind::Data => "data",
            };
            format!("{kind} {}", name.unwrap_or_default())
        }
        (None, None) => String::new(),
    }
}

/// What removals come to, for example `3 runs, 1 cache, 8 objects, 188 KiB`; sums of
/// zero are left out.
pub fn totals_text(totals: &Totals) -> String {
    let Totals { things, bytes: size, stored, stored_bytes, requests, cost_per_hour, .. } = totals;
    let of = |count: usize, one: &str, many: &str| {
        (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
    };
    let kinds = [
        of(totals.runs, "run", "runs"),
        of(totals.leftovers, "leftover of runs", "leftovers of runs"),
        of(totals.caches, "cache", "caches"),
    ];
    let mut parts: Vec<String> = kinds.into_iter().flatten().collect();
    if parts.is_empty() {
        parts.push("nothing".to_owned());
    }
    if *things > 0 {
        parts.push(format!("{things} objects"));
    }
    if *size > 0 {
        parts.push(bytes(*size));
    }
    if *stored > 0 {
        parts.push(format!("{stored} objects of outputs ({})", bytes(*stored_bytes)));
    }
    if !requests.is_empty() {
        parts.push(uses(requests, cost_per_hour));
    }
    parts.join(", ")
}

/// What is kept from others as long as it is not removed, for example
/// `2 nvidia.com/gpu, 4 cores, 16 GiB, 1.20 USD an hour`; empty when nothing is.
fn uses(requests: &Requests, cost_per_hour: &BTreeMap<String, f64>) -> String {
    let mut parts: Vec<String> =
        requests.accelerators.iter().map(|(name, count)| format!("{count} {name}")).collect();
    if requests.cpu > 0.0 {
        parts.push(format!("{} cores", number(requests.cpu)));
    }
    if requests.memory > 0 {
        parts.push(bytes(requests.memory));
    }
    let costs = cost_per_hour.iter();
    parts.extend(costs.map(|(currency, hour)| format!("{} an hour", money(*hour, currency))));
    parts.join(", ")
}
