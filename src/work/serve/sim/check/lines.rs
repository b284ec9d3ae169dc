//! Each line changes what it may, and whatever it changes is recorded.

use super::super::journal::Before;
use crate::work::serve::rollout::{CONTROLLER, Entry, Event, Line, RevisionId};
use crate::work::serve::sim::plan::{Second, seconds};
use crate::work::serve::sim::world::{World, second};

impl World<'_> {
    /// After a line was taken in.
    pub(in crate::work::serve::sim) fn check_line(
        &mut self,
        line: &Line,
        before: &Before,
        born: Option<Second>,
    ) {
        self.check_records(line, before);
        self.check_digests();
        match &line.entry {
            Entry::Applied { rules } => {
                // What is new in a spec, or has other bounds than before, goes by the spec.
                let bounds = rules.revisions.iter();
                let bounds = bounds.map(|(name, one)| (name.clone(), (one.min, one.max))).collect();
                let old = std::mem::replace(&mut self.watch.specified, bounds);
                let new = &self.watch.specified;
                self.watch.bounds.retain(|name, _| {
                    new.get(name).is_none_or(|bounds| old.get(name) == Some(bounds))
                });
            }
            Entry::Bounds { revision, min, max } => {
                self.watch.bounds.insert(revision.clone(), (*min, *max));
            }
            Entry::Weights { change, percent, .. } => {
                self.check_step(*change, *percent, before, born);
            }
            Entry::Finished { change, .. } => self.check_finished(*change, before, born),
            Entry::Failed { change, reason } => self.check_failed(*change, reason, before),
            Entry::Paused { change: Some(change), reason } => {
                self.check_paused(*change, reason, before, born);
            }
            Entry::Replaced { .. } => self.check_replaced(before, born),
            Entry::Cleared { change } => self.check_cleared(*change, before, born),
            Entry::Scaled { revision, from, to, .. } => {
                self.check_scaled(revision, *from, *to, before, born);
            }
            _ => {}
        }
        if line.by != CONTROLLER {
            let change = self.state.change.as_ref().map(|change| change.number);
            let is_rollback = matches!(line.entry, Entry::Rollback { .. });
            let is_new = change != before.change.as_ref().map(|change| change.number);
            self.watch.rollback =
                change.filter(|_| is_rollback && is_new).map(|change| (change, None));
        }
    }

    /// Who, when, from, to and why.
    fn check_records(&mut self, line: &Line, before: &Before) {
        let mut expected = Vec::new();
        if before.weights != self.state.weights {
            let (from, to) = (before.weights.clone(), self.state.weights.clone());
            expected.push(Event::Weights { from, to });
        }
        let was = |id: &RevisionId| before.replicas.iter().find(|(other, _)| other == id);
        for (id, one) in &self.state.revisions {
            let from = was(id).map_or(0, |(_, replicas)| *replicas);
            if from != one.replicas {
                let (revision, to) = (id.clone(), one.replicas);
                expected.push(Event::Replicas { revision, from, to });
            }
        }
        let change = |change: Option<&crate::work::serve::rollout::Change>| {
            change.map(|one| (one.number, one.paused.is_some()))
        };
        let (old, new) = (change(before.change.as_ref()), change(self.state.change.as_ref()));
        for event in expected {
            let recent = self.state.history.iter().rev().take(6);
            let mut found =
                recent.filter(|record| record.time == line.time && record.by == line.by);
            let Some(record) = found.find(|record| record.event == event) else {
                return self.broken("every change is recorded", format!("{event:?} is not"));
            };
            if line.by == CONTROLLER && record.reason.is_empty() {
                return self.broken("every change is recorded", format!("{event:?} has no reason"));
            }
        }
        let is_recorded = self
            .state
            .history
            .back()
            .is_some_and(|record| record.time == line.time && record.by == line.by);
        if old != new && !is_recorded {
            self.broken("every change is recorded", format!("{old:?} to {new:?} is not"));
        }
    }

    /// A revision is what it began as.
    fn check_digests(&mut self) {
        let mut other = None;
        for (id, one) in &self.state.revisions {
            let digest = &one.rules.digest;
            let first = self.watch.digests.entry(id.clone()).or_insert_with(|| digest.clone());
            if first != digest {
                other = Some(format!("{id} was {first} and is {digest}"));
            }
        }
        if let Some(other) = other {
            self.broken("another digest is another generation", other);
        }
    }

    fn check_paused(&mut self, number: u32, reason: &str, before: &Before, born: Option<Second>) {
        let (Some(change), Some(born)) = (&before.change, born) else { return };
        let rollout = before.rules.as_ref().and_then(|rules| rules.rollout.as_ref());
        if change.number != number || change.paused.is_some() {
            return;
        }
        self.cover.hit("paused by itself");
        let since = second(change.since).max(born);
        let waited = seconds(self.now - since);
        if let Some(rollout) = rollout
            && reason.starts_with("inconclusive")
        {
            self.cover.hit("inconclusive");
            if waited < rollout.max_wait {
                self.broken("patience", format!("paused after {waited:?}: {reason}"));
            }
        }
    }

    fn check_replaced(&mut self, before: &Before, born: Option<Second>) {
        if born.is_none() || before.weights == self.state.weights {
            return;
        }
        self.cover.hit("taken over");
        let still = before.weights.iter().find(|(id, _)| self.warm(id) > 0);
        let cold = self.state.weights.iter().find(|(id, _)| self.warm(id) == 0);
        if let Some((id, _)) = still {
            self.broken("only what is lost is replaced", format!("{id} is warm"));
        } else if let Some((id, _)) = cold {
            self.broken("warm before weight", format!("{id} takes over and is not"));
        }
    }

    fn check_cleared(&mut self, number: u32, before: &Before, born: Option<Second>) {
        let Some(change) = before.change.as_ref().filter(|one| one.number == number) else {
            return;
        };
        if born.is_none() {
            return;
        }
        self.cover.hit("swapped");
        let told = &self.runtime.told;
        let left = change.from.iter().find(|(id, _)| {
            change.to.get(id) == 0 && told.get(id).is_some_and(|told| told.living() > 0)
        });
        if let Some((id, _)) = left {
            self.broken("memory never holds both", format!("{id} is cleared and still there"));
        }
    }
}
