//! The load of each revision, as the world knows it.

use std::collections::{BTreeMap, VecDeque};

use super::plan::Second;
use crate::work::serve::rollout::RevisionId;
use crate::work::serve::scale::{ScaleRules, Target};

/// The load of each revision, as the world knows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Loads {
    now: BTreeMap<RevisionId, (f64, f64)>,
    pub(super) past: BTreeMap<RevisionId, VecDeque<f64>>,
    pub(super) active: BTreeMap<RevisionId, Second>,
}

impl Loads {
    pub(super) fn begin(&mut self) {
        self.now.clear();
    }

    pub(super) fn add(&mut self, id: &RevisionId, concurrency: f64, requests: f64) {
        let now = self.now.entry(id.clone()).or_default();
        now.0 += concurrency;
        now.1 += requests;
    }

    pub(super) fn active(&mut self, id: &RevisionId, now: Second) {
        self.active.insert(id.clone(), now);
    }

    pub(super) fn end(&mut self, rules: &ScaleRules) {
        for id in self.now.keys() {
            self.past.entry(id.clone()).or_default();
        }
        for (id, past) in &mut self.past {
            let (concurrency, requests) = self.now.get(id).copied().unwrap_or_default();
            let is_rate = matches!(rules.target, Target::RequestsPerSecond(_));
            past.push_front(if is_rate { requests } else { concurrency });
            past.truncate(rules.window.as_secs() as usize + 5);
        }
    }

    /// The average load of so many seconds, ending so many ago.
    pub(super) fn average(&self, id: &RevisionId, seconds: usize, ago: usize) -> f64 {
        let Some(past) = self.past.get(id) else { return 0.0 };
        past.iter().skip(ago).take(seconds).sum::<f64>() / seconds.max(1) as f64
    }

    /// The same of all revisions together.
    pub(super) fn total(&self, seconds: usize, ago: usize) -> f64 {
        self.past.keys().map(|id| self.average(id, seconds, ago)).sum()
    }
}
