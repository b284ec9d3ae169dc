//! Finding the run that a person means, by its id, the beginning of one, a name or a folder.

use std::cmp::Reverse;
use std::path::Path;

use super::skim::{Skimmed, skim_index};
use super::{IndexLine, Store, StoreError, Whereabouts};
use crate::gang::RunId;
use crate::text::likeness;

/// At most so many runs are named in an error.
const NAMED: usize = 8;

impl Store {
    /// The run that `selector` means: an id, a spec's name (its latest run), a unique prefix of an
    /// id, or nothing: the last run submitted from `cwd`, which is never one that was taken in from a
    /// cluster, whatever folder that names. A run that mlctl could not submit is meant by
    /// its id, or where there is no other: who names none means what goes on, not what never began.
    pub fn resolve(&self, selector: Option<&str>, cwd: &Path) -> Result<RunId, StoreError> {
        self.resolve_at(selector, cwd, &Whereabouts::default())
    }

    /// The same among the runs of a place alone.
    pub fn resolve_at(
        &self,
        selector: Option<&str>,
        cwd: &Path,
        place: &Whereabouts,
    ) -> Result<RunId, StoreError> {
        self.recover()?;
        // An exact id needs no index, and still works when that is damaged.
        if let Some(run) = selector.and_then(|id| id.parse::<RunId>().ok())
            && self.paths(&run).record().exists()
            && (place.is_anywhere() || place.has(&self.runtime_of(&run)?))
        {
            return Ok(run);
        }
        let text = self.read_index()?;
        let mut runs = skim_index(&text).runs;
        runs.reverse();
        if !place.is_anywhere() {
            runs.retain(|run| run.read().is_some_and(|line| place.has(&line.runtime)));
        }
        match selector {
            None => latest_of(&runs, cwd),
            Some(selector) => select(&runs, selector, cwd),
        }
    }
}

fn latest_of(runs: &[Skimmed<'_>], cwd: &Path) -> Result<RunId, StoreError> {
    let here = cwd.to_string_lossy();
    // A study's trials are submitted by its loop, not by a person.
    let near = runs.iter().filter(|run| !run.is_member() && run.may_be_from(&here));
    let found = latest(near, |line| line.cwd == here && !line.adopted);
    found.and_then(Skimmed::run).ok_or_else(|| StoreError::NotFound {
        selector: None,
        cwd: cwd.into(),
        near: runs.iter().take(NAMED).map(|run| run.id.to_string()).collect(),
    })
}

fn select(all: &[Skimmed<'_>], selector: &str, cwd: &Path) -> Result<RunId, StoreError> {
    let exact = all.iter().find(|run| run.id == selector);
    if let Some(run) = exact.and_then(Skimmed::run) {
        return Ok(run);
    }
    // Whoever may write in a namespace gives their run any name, also one by which this user's own is
    // called: what was only taken in from a cluster is meant where no own run is.
    let of = |adopted: bool| {
        let meant = |run: &&Skimmed<'_>| {
            (run.name == selector || run.id.starts_with(selector))
                && run.read().is_some_and(|line| line.adopted == adopted)
        };
        all.iter().filter(meant).copied().collect::<Vec<_>>()
    };
    let own = of(false);
    let runs = &if own.is_empty() { of(true) } else { own };
    // A study's trials have its name: who says it means the study.
    let named = |trials: bool| {
        let named = runs.iter().filter(|run| run.name == selector && run.is_member() == trials);
        latest(named, |_| true).and_then(Skimmed::run)
    };
    if let Some(run) = named(false).or_else(|| named(true)) {
        return Ok(run);
    }
    let mut matching = runs.iter().filter(|run| run.id.starts_with(selector));
    match (matching.next().map(|run| (run, run.run())), matching.next()) {
        (Some((_, Some(run))), None) => Ok(run),
        (Some((first, _)), Some(second)) => Err(StoreError::Ambiguous {
            selector: selector.into(),
            candidates: [first, second]
                .into_iter()
                .chain(matching)
                .map(|run| run.id.to_string())
                .collect(),
        }),
        _ => Err(StoreError::NotFound {
            selector: Some(selector.into()),
            cwd: cwd.into(),
            near: similar(all, selector),
        }),
    }
}

/// The latest that was submitted, or else the latest. What was found in a cluster stands in the index
/// behind runs that are younger.
fn latest<'a, 't: 'a>(
    runs: impl Iterator<Item = &'a Skimmed<'t>>,
    meant: impl Fn(&IndexLine<'_>) -> bool,
) -> Option<&'a Skimmed<'t>> {
    runs.filter_map(|run| Some((run.read()?, run)))
        .filter(|(line, _)| meant(line))
        .min_by_key(|(line, _)| (line.unsubmitted, Reverse(line.created())))
        .map(|(_, run)| run)
}

fn similar(runs: &[Skimmed<'_>], selector: &str) -> Vec<String> {
    let score = |run: &Skimmed<'_>| likeness(run.id, selector).max(likeness(run.name, selector));
    // Only recent runs are compared: whoever mistypes rarely means an old one, and comparing with
    // thousands of names takes noticeable time.
    let mut scored: Vec<_> =
        runs.iter().take(1000).map(|run| (score(run), run)).filter(|(s, _)| *s > 0.8).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    scored.into_iter().take(NAMED).map(|(_, run)| run.id.to_string()).collect()
}
