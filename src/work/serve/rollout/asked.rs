//! What people's lines change.

use std::collections::BTreeMap;

use super::fold::Stamp;
use super::{ChangeKind, EndpointState, Event, RevisionId, RevisionState, Rules, Weights};
use crate::gang::RevisionName;
use crate::work::serve::guard::{Guard, keeps};

impl EndpointState {
    pub(super) fn applied(&mut self, rules: &Rules, stamp: Stamp<'_>) {
        for (name, new) in &rules.revisions {
            let old = self.rules.as_ref().and_then(|rules| rules.revisions.get(name));
            if old.is_none_or(|old| (old.min, old.max) != (new.min, new.max)) {
                self.bounds.remove(name);
            }
            let same = self.revisions.iter_mut().rev().find(|(id, old)| {
                let is_same = old.rules.digest == new.digest || !keeps(Guard::Generations);
                id.name == *name && is_same
            });
            if let Some((_, old)) = same {
                old.rules = new.clone();
                continue;
            }
            let generation = self.generations.entry(name.clone()).or_default();
            *generation += 1;
            let id = RevisionId::new(name.clone(), *generation);
            self.revisions.insert(
                id,
                RevisionState {
                    rules: new.clone(),
                    replicas: 0,
                    since: stamp.time,
                    woken: None,
                    idle_since: None,
                    condemned: None,
                },
            );
        }
        self.rules = Some(Box::new(rules.clone()));
        self.applied = Some(stamp.time);
        self.record(stamp, Event::Applied, "");
        if let Some(to) = self.wanted()
            && !to.is_empty()
        {
            self.lead_to(rules, to, stamp);
        }
        self.forget();
    }

    /// The spec's weights are to be reached.
    fn lead_to(&mut self, rules: &Rules, to: Weights, stamp: Stamp<'_>) {
        let is_gradual = rules.rollout.is_some() && !self.base().is_empty();
        let kind = if is_gradual { ChangeKind::Rollout } else { ChangeKind::Direct };
        let is_under_way = self.change.as_ref().is_some_and(|change| change.to == to);
        if self.base() == to && !is_under_way {
            self.end("the spec's weights are those before it", stamp);
            self.set_weights(to, "the spec", stamp);
        } else if let Some(change) = self.change.as_mut().filter(|change| change.to == to) {
            // A promoted one stays promoted.
            if kind == ChangeKind::Direct {
                change.kind = kind;
            }
        } else {
            self.begin(kind, to, "the spec", stamp);
        }
    }

    pub(super) fn traffic(&mut self, weights: &BTreeMap<RevisionName, u8>, stamp: Stamp<'_>) {
        let ids: Option<Vec<_>> = weights
            .iter()
            .map(|(name, weight)| Some((self.current(name)?.clone(), *weight)))
            .collect();
        // Whoever appends them has refused others.
        if let Some(Ok(to)) = ids.map(Weights::new)
            && !to.is_empty()
        {
            self.begin(ChangeKind::Direct, to, "weights by hand", stamp);
        }
    }

    pub(super) fn rollback(&mut self, to: Option<&RevisionId>, stamp: Stamp<'_>) {
        let to = match to {
            Some(id) => Weights::new([(id.clone(), 100)]).ok(),
            // What a change under way would come back to is what was before it.
            None if self.change.is_some() => Some(self.base()),
            None => self.before.clone(),
        };
        let to = to.filter(|to| !to.is_empty() && self.knows(to));
        if let Some(to) = to {
            self.begin(ChangeKind::Direct, to, "a rollback", stamp);
        }
    }

    pub(super) fn resumed(&mut self, stamp: Stamp<'_>) {
        let Some(change) = &mut self.change else { return };
        if change.paused.take().is_some() {
            change.since = stamp.time;
            let change = change.number;
            self.record(stamp, Event::Resumed { change }, "");
        }
    }

    pub(super) fn promoted(&mut self, stamp: Stamp<'_>) {
        let Some(change) = &mut self.change else { return };
        // What was decided about it before is about another change.
        self.changes += 1;
        change.number = self.changes;
        change.kind = ChangeKind::Direct;
        change.paused = None;
        change.since = stamp.time;
        self.record(stamp, Event::Promoted { change: self.changes }, "");
    }

    pub(super) fn aborted(&mut self, reason: &str, stamp: Stamp<'_>) {
        if let Some(change) = &self.change {
            let from = change.from.clone();
            self.end(reason, stamp);
            self.set_weights(from, reason, stamp);
        }
    }
}
