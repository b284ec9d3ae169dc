//! What the trials of a study have cost so far, for whoever follows it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::cli::verbs::cost::{bill_of, cost_text};
use crate::cli::{Context, LOCAL};
use crate::gang::RunId;
use crate::ops::cost::{Bill, money};
use crate::store::Store;
use crate::work::tune::{StudyDocument, StudyState};

/// What runs have cost is read from their events, which may be many.
const PACE: Duration = Duration::from_secs(10);

/// Adds up what trials cost.
pub(super) struct Spent<'a> {
    context: &'a Context,
    store: &'a Store,
    document: &'a StudyDocument,
    /// The loop is one of this machine: what the state has not, was never made.
    is_here: bool,
    /// The runs that have ended, and what they have cost together.
    ended: (BTreeSet<RunId>, Bill),
    looked: Option<Instant>,
    text: Option<String>,
}

impl<'a> Spent<'a> {
    pub(super) fn new(context: &'a Context, store: &'a Store, document: &'a StudyDocument) -> Self {
        let ended = (BTreeSet::new(), Bill::default());
        let is_here = store.record(&document.study).is_ok_and(|record| record.runtime == LOCAL);
        Self { context, store, document, is_here, ended, looked: None, text: None }
    }

    /// `3.20 of 20.00 USD`; `None` on this machine, where it can't be known, and before anything has a
    /// price.
    pub(super) fn text(&mut self, state: &StudyState) -> Option<&str> {
        let is_due = self.looked.is_none_or(|at| at.elapsed() >= PACE);
        if is_due && self.document.runtime != LOCAL {
            self.looked = Some(Instant::now());
            self.text = self.bill(state).and_then(|bill| {
                let currency = bill.currency.as_ref()?;
                let most = self.document.spec.max_cost;
                Some(match (most, bill.cost?) {
                    (Some(most), cost) => format!("{cost:.2} of {}", money(most.0, currency)),
                    (None, _) => cost_text(&bill),
                })
            });
        }
        self.text.as_deref()
    }

    /// `None` where the state does not have all runs: the cost would be too low.
    fn bill(&mut self, state: &StudyState) -> Option<Bill> {
        let mut living = Bill::default();
        for trial in &state.trials {
            for run in trial.lost_runs.iter().chain(&trial.run) {
                if self.ended.0.contains(run) {
                    continue;
                }
                let is_current = trial.run.as_ref() == Some(run);
                let paths = self.store.paths(run);
                if self.is_here && !is_current && !paths.dir.exists() {
                    // A loop that was killed has named it, and it was never made.
                    continue;
                }
                let is_over = trial.state.is_ended() || !is_current;
                if is_over && !self.store.record(run).ok()?.state.is_ended() {
                    // Its end has not been read yet, so what it cost isn't known.
                    return None;
                }
                let plan = paths.read_plan().ok()?;
                let bill = bill_of(self.context, self.store, run, &plan).ok()?;
                if is_over {
                    self.ended.0.insert(run.clone());
                    self.ended.1.add(&bill);
                } else {
                    living.add(&bill);
                }
            }
        }
        living.add(&self.ended.1);
        Some(living)
    }
}
