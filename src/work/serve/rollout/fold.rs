//! Takes the lines of a journal in, one after the other. Whatever a line says that no longer applies
//! changes nothing: a decision of a controller that was overtaken by a person or by its successor.

use jiff::Timestamp;

use super::{
    Bounds, Change, ChangeKind, EndpointState, Entry, Event, Line, Outcome, Pause, Record,
    RevisionId, Weights,
};
use crate::work::serve::guard::{Guard, keeps};

/// So many changes are remembered.
const HISTORY: usize = 100;
/// So many revisions are remembered that nothing needs any more, for a rollback to one of them.
const REMEMBERED: usize = 10;

impl EndpointState {
    /// An endpoint with all its lines.
    pub fn of<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let mut state = Self::default();
        for line in lines {
            state.fold(line);
        }
        state
    }

    /// Takes one more line in.
    pub fn fold(&mut self, line: &Line) {
        let stamp = Stamp { time: line.time, by: &line.by };
        match &line.entry {
            Entry::Applied { rules } => self.applied(rules, stamp),
            Entry::Traffic { weights } => self.traffic(weights, stamp),
            Entry::Rollback { to } => self.rollback(to.as_ref(), stamp),
            Entry::Bounds { revision, min, max } => {
                let bounds = Bounds { min: *min, max: *max };
                self.bounds.insert(revision.clone(), bounds);
                self.record(stamp, Event::Bounds { revision: revision.clone(), bounds }, "");
            }
            Entry::Paused { change, reason } => self.paused(*change, reason, stamp),
            Entry::Resumed => self.resumed(stamp),
            Entry::Promoted => self.promoted(stamp),
            Entry::Aborted { reason } => self.aborted(reason, stamp),
            Entry::Weights { change, percent, weights, reason } => {
                self.stepped(*change, *percent, weights, reason, stamp);
            }
            Entry::Cleared { change } => {
                if let Some(change) = self.change_of(*change)
                    && !change.is_cleared
                {
                    change.is_cleared = true;
                    change.since = stamp.time;
                }
            }
            Entry::Finished { change, reason } => self.finished(*change, reason, stamp),
            Entry::Failed { change, reason } => self.failed(*change, reason, stamp),
            Entry::Replaced { from, weights, reason } => {
                if self.change.is_none() && self.weights == *from && self.knows(weights) {
                    self.set_weights(weights.clone(), reason, stamp);
                }
            }
            Entry::Scaled { revision, from, to, reason } => {
                self.scaled(revision, *from, *to, reason, stamp);
            }
            Entry::Snapshot { state } => self.clone_from(state),
        }
    }

    /// The change under way, if it is this one.
    fn change_of(&mut self, number: u32) -> Option<&mut Change> {
        let is_it = |change: &&mut Change| change.number == number || !keeps(Guard::StaleIgnored);
        self.change.as_mut().filter(is_it)
    }

    pub(super) fn knows(&self, weights: &Weights) -> bool {
        weights.iter().all(|(id, _)| self.revisions.contains_key(id))
    }

    pub(super) fn record(&mut self, stamp: Stamp<'_>, event: Event, reason: &str) {
        let record =
            Record { time: stamp.time, by: stamp.by.to_owned(), event, reason: reason.to_owned() };
        self.history.push_back(record);
        if self.history.len() > HISTORY {
            self.history.pop_front();
        }
    }

    pub(super) fn set_weights(&mut self, weights: Weights, reason: &str, stamp: Stamp<'_>) {
        if weights == self.weights {
            return;
        }
        for (id, revision) in &mut self.revisions {
            if weights.get(id) > 0 {
                revision.idle_since = None;
            } else if self.weights.get(id) > 0 {
                revision.idle_since = Some(stamp.time);
            }
        }
        self.assignment = weights.assign(&self.assignment);
        let from = std::mem::replace(&mut self.weights, weights.clone());
        self.record(stamp, Event::Weights { from, to: weights }, reason);
    }

    /// What came before the change under way, or the weights if there is none. Nobody is nothing to come
    /// back to: what the first change has reached counts then.
    pub(super) fn base(&self) -> Weights {
        let before = self.change.as_ref().map(|change| &change.from);
        before.filter(|from| !from.is_empty()).unwrap_or(&self.weights).clone()
    }

    /// Begins a change, in place of the one under way.
    pub(super) fn begin(&mut self, kind: ChangeKind, to: Weights, reason: &str, stamp: Stamp<'_>) {
        let from = self.base();
        self.end("another change has taken its place", stamp);
        for (id, _) in to.iter() {
            if let Some(revision) = self.revisions.get_mut(id) {
                // Whoever asks for it again wants it tried again.
                revision.condemned = None;
            }
        }
        if kind == ChangeKind::Rollout {
            // What the last rollout had given to a revision that it had not yet proved goes back.
            self.set_weights(from.clone(), "another rollout begins", stamp);
        }
        self.changes += 1;
        let begun = Event::Begun { change: self.changes, from: from.clone(), to: to.clone() };
        self.record(stamp, begun, reason);
        self.change = Some(Change {
            number: self.changes,
            kind,
            from,
            to,
            percent: 0,
            last_percent: 0,
            is_cleared: false,
            since: stamp.time,
            paused: None,
        });
    }

    /// The change under way is over without having reached its end.
    pub(super) fn end(&mut self, reason: &str, stamp: Stamp<'_>) {
        if let Some(Change { number, .. }) = self.change.take() {
            self.record(stamp, Event::Ended { change: number }, reason);
            self.over(number, false, reason, stamp.time);
        }
    }

    fn over(&mut self, change: u32, succeeded: bool, reason: &str, time: Timestamp) {
        self.last = Some(Outcome { change, time, succeeded, reason: reason.to_owned() });
    }

    fn paused(&mut self, change: Option<u32>, reason: &str, stamp: Stamp<'_>) {
        let Some(under_way) = &mut self.change else { return };
        let number = under_way.number;
        if change.is_some_and(|change| change != number) || under_way.paused.is_some() {
            return;
        }
        let (since, by) = (stamp.time, stamp.by.to_owned());
        under_way.paused = Some(Pause { since, by, reason: reason.to_owned() });
        self.record(stamp, Event::Paused { change: number }, reason);
    }

    fn stepped(
        &mut self,
        number: u32,
        percent: u8,
        weights: &Weights,
        reason: &str,
        stamp: Stamp<'_>,
    ) {
        let Some(change) = self.change_of(number) else { return };
        let is_next = percent > change.percent || !keeps(Guard::StaleIgnored);
        if !is_next || change.paused.is_some() && keeps(Guard::PauseHolds) {
            return;
        }
        change.last_percent = change.percent;
        change.percent = percent;
        change.since = stamp.time;
        self.set_weights(weights.clone(), reason, stamp);
    }

    fn finished(&mut self, number: u32, reason: &str, stamp: Stamp<'_>) {
        let is_open = |change: &mut Change| {
            let waits = change.paused.is_some() && keeps(Guard::PauseHolds);
            change.percent < 100 || waits
        };
        if self.change_of(number).is_none_or(is_open) {
            return;
        }
        if let Some(Change { from, to, .. }) = self.change.take() {
            if !from.is_empty() && from != to {
                self.before = Some(from);
            }
            self.record(stamp, Event::Finished { change: number }, reason);
            self.over(number, true, reason, stamp.time);
            self.forget();
        }
    }

    fn failed(&mut self, number: u32, reason: &str, stamp: Stamp<'_>) {
        if self.change_of(number).is_none() {
            return;
        }
        let Some(change) = self.change.take() else { return };
        for id in change.gainers() {
            if let Some(revision) = self.revisions.get_mut(id)
                && change.from.get(id) == 0
            {
                revision.condemned = Some(reason.to_owned());
                revision.idle_since = Some(stamp.time);
            }
        }
        self.record(stamp, Event::Failed { change: number }, reason);
        self.over(number, false, reason, stamp.time);
        self.set_weights(change.from, reason, stamp);
    }

    fn scaled(&mut self, id: &RevisionId, from: u32, to: u32, reason: &str, stamp: Stamp<'_>) {
        let Some(revision) = self.revisions.get_mut(id) else { return };
        if revision.replicas != from && keeps(Guard::StaleScaleIgnored) {
            return;
        }
        revision.replicas = to;
        revision.since = stamp.time;
        if from == 0 {
            revision.woken = Some(stamp.time);
        }
        self.record(stamp, Event::Replicas { revision: id.clone(), from, to }, reason);
    }

    /// Forgets the oldest revisions that nothing needs any more.
    pub(super) fn forget(&mut self) {
        let mut unneeded: Vec<(Option<Timestamp>, RevisionId)> = self
            .revisions
            .iter()
            .filter(|(id, revision)| {
                let has_part = |weights: &Weights| weights.get(id) > 0;
                let in_change = self
                    .change
                    .as_ref()
                    .is_some_and(|change| has_part(&change.from) || has_part(&change.to));
                let in_use = has_part(&self.weights) || self.before.as_ref().is_some_and(has_part);
                !in_use && !in_change && revision.replicas == 0 && !self.is_current(id)
            })
            .map(|(id, revision)| (revision.idle_since, id.clone()))
            .collect();
        unneeded.sort();
        let many = unneeded.len().saturating_sub(REMEMBERED);
        for (_, id) in &unneeded[..many] {
            self.revisions.remove(id);
        }
    }
}

/// When and by whom a line was written.
#[derive(Clone, Copy)]
pub(super) struct Stamp<'a> {
    pub(super) time: Timestamp,
    pub(super) by: &'a str,
}
