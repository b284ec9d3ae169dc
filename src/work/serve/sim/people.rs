//! What people do.

use super::plan::{Act, Second};
use super::world::World;
use crate::work::serve::rollout::{Entry, RevisionId};

/// So long one waits for a controller's decision to come in between.
const RACE: Second = 30;

impl World<'_> {
    /// Whatever is due.
    pub(super) fn people(&mut self) {
        while let Some((at, act, race)) = self.plan.acts.get(self.acted)
            && *at <= self.now
        {
            self.acted += 1;
            if *race {
                self.racing.push((self.now, act.clone()));
            } else {
                self.act(act);
            }
        }
        let now = self.now;
        let (due, later) =
            std::mem::take(&mut self.racing).into_iter().partition(|(at, _)| now - *at >= RACE);
        self.racing = later;
        for (_, act) in due {
            self.act(&act);
        }
    }

    pub(super) fn act(&mut self, act: &Act) {
        if let Some(entry) = self.entry(act) {
            self.append("a person", entry, None);
        }
    }

    /// `None` where the verb would have refused it.
    fn entry(&mut self, act: &Act) -> Option<Entry> {
        let has_change = self.state.change.is_some();
        let rules = self.state.rules.as_ref();
        match act {
            Act::Apply(spec) => Some(Entry::Applied { rules: Box::new(self.plan.rules(spec)) }),
            Act::Traffic(draw) => {
                let names: Vec<_> = rules?.revisions.keys().cloned().collect();
                let one = names[*draw as usize % names.len()].clone();
                let two = names[(*draw >> 8) as usize % names.len()].clone();
                let percent = if one == two { 100 } else { (*draw >> 16) as u8 % 101 };
                let mut weights = std::collections::BTreeMap::from([(two, 100 - percent)]);
                weights.insert(one, percent);
                Some(Entry::Traffic { weights })
            }
            Act::Rollback(None) => {
                (has_change || self.state.before.is_some()).then_some(Entry::Rollback { to: None })
            }
            Act::Rollback(Some(draw)) => {
                let ids: Vec<&RevisionId> = self.state.revisions.keys().collect();
                let id = ids.get(*draw as usize % ids.len().max(1))?;
                Some(Entry::Rollback { to: Some((*id).clone()) })
            }
            Act::Bounds { which, min, max } => {
                let names: Vec<_> = rules?.revisions.keys().cloned().collect();
                let revision = names[*which as usize % names.len()].clone();
                Some(Entry::Bounds { revision, min: *min, max: *max })
            }
            Act::Pause => {
                has_change.then(|| Entry::Paused { change: None, reason: "a look at it".into() })
            }
            Act::Resume => has_change.then_some(Entry::Resumed),
            Act::Promote => has_change.then_some(Entry::Promoted),
            Act::Abort => has_change.then(|| Entry::Aborted { reason: "no more".into() }),
        }
    }
}
