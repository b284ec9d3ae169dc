//! Endpoints for people: lines of what happens, the table of revisions, what is known of one.

use jiff::Timestamp;

use super::human::{age, number};
use super::{BOLD, DIM, ERROR, GOOD, Table, Text, WARNING};
use crate::gang::RevisionName;
use crate::work::serve::rollout::{
    CONTROLLER, EndpointState, Entry, Event, Line, Record, RevisionId,
};
use crate::work::serve::{LiveDocument, LiveRevision};

/// So many of the newest changes are shown with an endpoint.
const SHOWN_CHANGES: usize = 6;

/// What a line of an endpoint's journal says to a person; `None` where it says nothing worth a line.
pub fn entry_line(line: &Line) -> Option<Text> {
    let bold = |text: &dyn std::fmt::Display| Text::styled(BOLD, &text.to_string());
    let by = if line.by == CONTROLLER { String::new() } else { format!(" (by {})", line.by) };
    let text = match &line.entry {
        Entry::Applied { rules } => {
            let names: Vec<&str> = rules.revisions.keys().map(RevisionName::as_str).collect();
            Text::from(format!("the spec has {}", names.join(", ")))
        }
        Entry::Traffic { weights } => {
            let weights = weights.iter().filter(|(_, weight)| **weight > 0);
            let weights = weights.map(|(name, weight)| format!("{name} {weight} %"));
            Text::from(format!("to become: {}", weights.collect::<Vec<_>>().join(", ")))
        }
        Entry::Rollback { to: Some(to) } => Text::from("rollback to ").then(bold(to)),
        Entry::Rollback { to: None } => Text::from("rollback to the weights before"),
        Entry::Bounds { revision, min, max } => {
            bold(&revision.as_str()).then(format!(" is to have {min} to {max} replicas"))
        }
        Entry::Paused { reason, .. } => Text::styled(WARNING, "paused").then(because(reason)),
        Entry::Resumed => Text::from("goes on"),
        Entry::Promoted => Text::from("goes to its end without further judgement"),
        Entry::Aborted { reason } => Text::styled(WARNING, "aborted").then(because(reason)),
        Entry::Weights { weights, reason, .. } => {
            Text::from("weights: ").then(bold(&shares(weights))).then(because(reason))
        }
        Entry::Finished { reason, .. } => Text::styled(GOOD, "done").then(because(reason)),
        Entry::Failed { reason, .. } => Text::styled(ERROR, "given up").then(because(reason)),
        Entry::Replaced { weights, reason, .. } => {
            Text::styled(WARNING, &format!("weights: {}", shares(weights))).then(because(reason))
        }
        Entry::Scaled { revision, from, to, reason } => bold(revision)
            .then(format!(": {from} -> {to} {}", if *to == 1 { "replica" } else { "replicas" }))
            .then(because(reason)),
        Entry::Cleared { .. } | Entry::Snapshot { .. } => return None,
    };
    Some(text.then(Text::styled(DIM, &by)))
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn shares(weights: &crate::work::serve::rollout::Weights) -> String {
    let shares: Vec<String> = weights.iter().map(|(id, share)| format!("{id} {share} %")).collect();
    if shares.is_empty() { "nobody".to_owned() } else { shares.join(", ") }
}

/// The revisions of an endpoint, with their replicas and their traffic.
pub fn revisions_table(live: &LiveDocument) -> Table {
    let header =
        ["REVISION", "WEIGHT", "MODEL", "REPLICAS", "STATE", "REQ/S", "ERRORS", "P50", "P99"];
    let mut table = Table::new(&header).whole(&[0, 1]).painted(4);
    for one in &live.revisions {
        let (word, style) = state_of(one);
        let traffic = &one.traffic;
        let millis = |time: Option<f64>| {
            time.map(|millis| format!("{} ms", number(millis))).unwrap_or_default()
        };
        let ready = one.replicas.iter().filter(|replica| replica.state == "ready").count();
        table.painted_row(
            style,
            vec![
                exact_name(live, &one.revision),
                format!("{} %", one.weight),
                one.model.clone().unwrap_or_default(),
                format!("{ready}/{}", one.wanted),
                word,
                if traffic.requests > 0 { number(traffic.rate) } else { String::new() },
                if traffic.requests > 0 { traffic.errors.to_string() } else { String::new() },
                millis(traffic.p50_millis),
                millis(traffic.p99_millis),
            ],
        );
    }
    table
}

/// A name that means this revision and no other: the first of its name is `v1.1` beside a `v1.2`.
pub(super) fn exact_name(live: &LiveDocument, id: &RevisionId) -> String {
    let is_alone =
        !live.revisions.iter().any(|one| one.revision.name == id.name && one.revision != *id);
    if is_alone { id.to_string() } else { id.exact() }
}

fn state_of(one: &LiveRevision) -> (String, anstyle::Style) {
    let count = |state: &str| one.replicas.iter().filter(|one| one.state == state).count();
    let (ready, starting, draining) = (count("ready"), count("starting"), count("draining"));
    if one.condemned.is_some() {
        return ("given up".to_owned(), ERROR);
    }
    if one.failures > 0 && ready == 0 {
        return (format!("failing ({})", one.failures), ERROR);
    }
    let plain = anstyle::Style::new();
    match (ready, starting, draining) {
        (0, 0, 0) if one.wanted == 0 && one.min == 0 && one.weight > 0 => {
            ("asleep".to_owned(), plain)
        }
        (0, 0, 0) if one.wanted == 0 => ("gone".to_owned(), plain),
        (0, 0, _) if draining > 0 => ("draining".to_owned(), plain),
        (0, ..) => ("starting".to_owned(), plain),
        (_, 0, _) => ("ready".to_owned(), GOOD),
        _ => ("ready, more start".to_owned(), GOOD),
    }
}

/// How an endpoint is: where it answers, its revisions, with curves of their traffic where they are wanted,
/// what is under way, what was changed last.
pub fn endpoint_lines(
    state: &EndpointState,
    live: Option<&LiveDocument>,
    curves: &[Text],
    now: Timestamp,
    width: Option<usize>,
) -> Vec<Text> {
    let mut lines = Vec::new();
    let mut fact = |name: &str, value: String| lines.push(format!("  {name:<9} {value}").into());
    if let Some(live) = live {
        fact("url", live.url.clone());
        let serving = if live.serving { "yes" } else { "no revision with weight has a replica" };
        fact("serving", serving.to_owned());
    }
    if let Some(shadow) = live.and_then(|live| live.shadow.as_ref()) {
        let (revision, percent, copies) = (&shadow.revision, shadow.percent, shadow.copies);
        let so_far = format!("{copies} so far");
        fact("shadow", format!("{revision} gets copies of {percent} % of the requests, {so_far}"));
    }
    if let Some(change) = &state.change {
        fact("change", format!("{} -> {}, {} %", change.from, change.to, change.percent));
        if let Some(pause) = &change.paused {
            fact(
                "paused",
                format!("{} ago by {}: {}", age(pause.since, now), pause.by, pause.reason),
            );
        }
        for step in live.and_then(|live| live.change.as_ref()).into_iter().flat_map(|one| &one.step)
        {
            let figures = format!("{} requests, {} errors", step.requests, step.errors);
            fact("step", format!("{}: {figures}", step.revision));
        }
    }
    for (id, one) in &state.revisions {
        if let Some(reason) = &one.condemned {
            fact("given up", format!("{id}: {reason}"));
        }
    }
    for one in live.into_iter().flat_map(|live| &live.revisions) {
        if let Some(failure) = one.failure.as_ref().filter(|_| one.failures > 0) {
            fact("failure", format!("{}: {failure}", one.revision));
        }
    }
    if let Some(live) = live {
        lines.push(Text::default());
        lines.push(revisions_table(live).text(width));
    }
    lines.extend_from_slice(curves);
    let newest: Vec<&Record> = state.history.iter().rev().take(SHOWN_CHANGES).collect();
    if !newest.is_empty() {
        lines.push(Text::default());
        let mut table = Table::new(&["CHANGED", "BY", "WHAT", "WHY"]).whole(&[0]);
        for record in newest.into_iter().rev() {
            table.row(vec![
                format!("{} ago", age(record.time, now)),
                record.by.clone(),
                change_text(&record.event),
                record.reason.clone(),
            ]);
        }
        lines.push(table.text(width));
    }
    lines
}

/// What was changed, in a few words.
pub fn change_text(event: &Event) -> String {
    match event {
        Event::Applied => "a spec was applied".to_owned(),
        Event::Begun { change, to, .. } => format!("change {change} begins, to {to}"),
        Event::Weights { from, to } => format!("weights {from} -> {to}"),
        Event::Replicas { revision, from, to } => format!("{revision}: {from} -> {to} replicas"),
        Event::Bounds { revision, bounds } => {
            format!("{revision}: {} to {} replicas", bounds.min, bounds.max)
        }
        Event::Paused { change } => format!("change {change} paused"),
        Event::Resumed { change } => format!("change {change} goes on"),
        Event::Promoted { change } => format!("change {change} promoted"),
        Event::Finished { change } => format!("change {change} done"),
        Event::Failed { change } => format!("change {change} given up"),
        Event::Ended { change } => format!("change {change} ended by another one"),
    }
}

/// Why an endpoint is as it is: what broke, what is waited for, and what to do, a sentence each.
pub fn endpoint_causes(
    name: &str,
    state: &EndpointState,
    live: Option<&LiveDocument>,
) -> Vec<String> {
    let mut causes = Vec::new();
    if let Some(change) = &state.change {
        let way = format!("{} -> {}", change.from, change.to);
        match &change.paused {
            Some(pause) => {
                causes.push(format!("{way} waits at {} %: {}", change.percent, pause.reason));
                causes.push(format!("next: mlctl rollout resume|promote|abort {name}"));
            }
            None => causes.push(format!("{way} is under way, at {} %", change.percent)),
        }
    }
    if let Some(last) = state.last.as_ref().filter(|last| !last.succeeded) {
        causes.push(format!("change {} was given up: {}", last.change, last.reason));
    }
    for (id, one) in &state.revisions {
        if let Some(reason) = &one.condemned {
            causes.push(format!("{id} was given up: {reason}"));
            causes.push(format!("next: what it printed: mlctl logs {name}/{id}"));
        }
    }
    for one in live.into_iter().flat_map(|live| &live.revisions) {
        let id = &one.revision;
        if let Some(failure) = one.failure.as_ref().filter(|_| one.failures > 0) {
            causes.push(format!("replicas of {id} have failed {} times: {failure}", one.failures));
            causes.push(format!("next: what they printed: mlctl logs {name}/{id}"));
        }
        let ejected: Vec<&str> =
            one.replicas.iter().filter(|one| one.ejected).map(|one| one.run.as_str()).collect();
        if !ejected.is_empty() {
            let ejected = ejected.join(", ");
            causes.push(format!("{ejected} of {id} gets no requests for now: it failed several"));
        }
    }
    if let Some(live) = live.filter(|live| !live.serving && !state.weights.is_empty()) {
        causes.push(format!("{} has no replica that can answer", live.name));
    }
    if causes.is_empty() {
        causes.push(format!("nothing is wrong with {name}: {}", state.weights));
    }
    causes
}
