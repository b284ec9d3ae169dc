//! Models of a registry as tables and texts.

use jiff::Timestamp;

use super::human::{age, bytes};
use super::{BOLD, Printer, Table, Text};
use crate::model::registry::{Alias, Model, ModelName, Removed, Version};
use crate::text::moment;

/// A line for each model, with its newest version.
pub fn models_table(models: &[Model], now: Timestamp) -> Table {
    let header = ["MODEL", "VERSIONS", "NEWEST", "KIND", "SIZE", "PUSHED", "ALIASES"];
    let mut table = Table::new(&header).whole(&[0]);
    for model in models {
        let Some(newest) = model.versions.last() else { continue };
        let aliases = model.aliases.iter().map(|(alias, version)| format!("{alias}={version}"));
        table.row(vec![
            model.name.to_string(),
            model.versions.len().to_string(),
            newest.version.to_string(),
            newest.facts.kind.to_string(),
            bytes(newest.facts.bytes),
            age(newest.facts.pushed, now),
            aliases.collect::<Vec<_>>().join(", "),
        ]);
    }
    table
}

/// A model: its place, what it keeps, and a line for each version, the newest first.
pub fn model_text(model: &Model, now: Timestamp, printer: &Printer) -> Text {
    let header = ["VERSION", "ALIASES", "KIND", "SIZE", "PUSHED", "BY", "FROM", "DEPLOYED"];
    let mut table = Table::new(&header).whole(&[0]);
    for version in model.versions.iter().rev() {
        table.row(vec![
            version.version.to_string(),
            aliases_of(version),
            version.facts.kind.to_string(),
            bytes(version.facts.bytes),
            age(version.facts.pushed, now),
            version.facts.by.clone(),
            origin(version),
            deployed(version).join(", "),
        ]);
    }
    let keeps = match model.keep {
        Some(keep) => format!("  keeps the newest {keep}, and what has an alias or is deployed"),
        None => String::new(),
    };
    let head = Text::styled(BOLD, model.name.as_str()).then("  ").then(model.place.as_str());
    Text::lines([head.then(keeps), table.render(printer)])
}

/// A version with all that is known of it, a line each.
pub fn version_text(name: &ModelName, version: &Version) -> Text {
    let facts = &version.facts;
    let mut rows: Vec<(&str, String)> = vec![
        ("place", version.place.to_string()),
        ("kind", facts.kind.to_string()),
        ("size", size(version)),
        ("pushed", format!("{} by {}", moment(facts.pushed), facts.by)),
    ];
    if !version.aliases.is_empty() {
        rows.push(("aliases", aliases_of(version)));
    }
    for (label, value) in &facts.labels {
        rows.push(("label", format!("{label}={value}")));
    }
    if let Some(original) = &facts.lineage.copy_of {
        rows.push(("copy of", original.clone()));
    }
    rows.push(("source", facts.lineage.source.to_string()));
    if let Some(run) = &facts.lineage.run {
        rows.push(("run", format!("{}, {} of {} in {}", run.run, run.kind, run.user, run.runtime)));
        if let Some(commit) = &run.commit {
            let dirty = if run.dirty { ", with changes that it doesn't have" } else { "" };
            rows.push(("commit", format!("{commit}{dirty}")));
        }
        rows.extend(run.code.iter().map(|code| ("code", format!("sha256 {code}"))));
        rows.extend(run.data.iter().map(|data| ("data", data.to_string())));
        let metrics = run.metrics.iter().map(|(name, value)| ("metric", format!("{name}={value}")));
        rows.extend(metrics);
    }
    rows.extend(deployed(version).into_iter().map(|at| ("deployed", at)));
    let head = Text::styled(BOLD, &format!("{name}@{}", version.version));
    let rows = rows.iter().map(|(what, value)| Text::from(format!("  {what:<8}  {value}")));
    Text::lines(std::iter::once(head).chain(rows))
}

/// What a push has come to.
pub fn pushed_text(name: &ModelName, version: &Version, removed: &[Removed]) -> Text {
    let aliases = if version.aliases.is_empty() {
        String::new()
    } else {
        format!(" ({})", aliases_of(version))
    };
    let head = Text::styled(BOLD, &format!("{name}@{}", version.version));
    let size = format!("{aliases}  {}, {}", version.facts.kind, size(version));
    let place = Text::from(format!("  {}", version.place));
    let gone = removed.iter().map(|one| {
        format!("  removed {}@{}, which is no longer kept", one.name, one.version).into()
    });
    Text::lines([head.then(size), place].into_iter().chain(gone))
}

fn size(version: &Version) -> String {
    let facts = &version.facts;
    let files = if facts.files == 1 { "file" } else { "files" };
    format!("{}, {} {files}", bytes(facts.bytes), facts.files)
}

fn aliases_of(version: &Version) -> String {
    version.aliases.iter().map(Alias::as_str).collect::<Vec<_>>().join(", ")
}

/// The run that it comes from, or the place.
fn origin(version: &Version) -> String {
    let lineage = &version.facts.lineage;
    match (&lineage.copy_of, &lineage.run) {
        (Some(original), _) => original.clone(),
        (None, Some(run)) => run.run.to_string(),
        (None, None) => lineage.source.to_string(),
    }
}

fn deployed(version: &Version) -> Vec<String> {
    let each = version.deployments.iter().map(|one| {
        let host = one.at.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
        format!("{}/{} in {}{host}", one.at.endpoint, one.at.revision, one.at.runtime)
    });
    each.collect()
}
