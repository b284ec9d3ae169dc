//! Lines are written down, and judged by what they change.

use super::plan::Second;
use super::world::{World, at};
use crate::work::serve::rollout::{
    CONTROLLER, Change, Entry, JOURNAL_VERSION, Line, RevisionId, Rules, Weights,
};

/// What a line found.
pub(super) struct Before {
    pub(super) weights: Weights,
    pub(super) change: Option<Change>,
    pub(super) rules: Option<Box<Rules>>,
    pub(super) replicas: Vec<(RevisionId, u32)>,
}

impl World<'_> {
    /// Writes a line down. `born`: since when the controller lives that has decided it just now.
    pub(super) fn append(&mut self, by: &str, entry: Entry, born: Option<Second>) {
        let skew = if by == CONTROLLER { 0 } else { self.plan.skew };
        let line = Line { v: JOURNAL_VERSION, time: at(self.now + skew), by: by.into(), entry };
        self.log(|_| format!("{by}: {}", said(&line.entry)));
        let replicas = self.state.revisions.iter();
        let before = Before {
            weights: self.state.weights.clone(),
            change: self.state.change.clone(),
            rules: self.state.rules.clone(),
            replicas: replicas.map(|(id, one)| (id.clone(), one.replicas)).collect(),
        };
        self.state.fold(&line);
        self.watch.written(self.now);
        self.check_line(&line, &before, born);
        self.lines.push(line);
        self.watch_step();
    }
}

fn said(entry: &Entry) -> String {
    match entry {
        Entry::Applied { rules } => {
            let all = rules.revisions.iter().map(|(name, one)| {
                format!("{name}={} {} % {}..{}", one.digest, one.traffic, one.min, one.max)
            });
            let all: Vec<_> = all.collect();
            format!("applies {}; {:?}", all.join(", "), rules.rollout)
        }
        Entry::Weights { change, percent, weights, reason } => {
            format!("change {change} at {percent} %: {weights}, because {reason}")
        }
        Entry::Scaled { revision, from, to, reason } => {
            format!("{revision} from {from} to {to} replicas, because {reason}")
        }
        other => format!("{other:?}"),
    }
}
