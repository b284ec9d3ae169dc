//! What happens next with a change of weights that is under way.

use super::decide::{names, patience, warm};
use super::judge::{Verdict, judge};
use super::measured::Measured;
use super::replicas::needed;
use super::{
    Change, ChangeKind, EndpointState, Entry, Facts, OnFailure, RevisionId, RolloutRules, Rules,
    Weights,
};
use crate::work::serve::guard::{Guard, keeps};
use crate::work::serve::scale::age;
use crate::work::serve::window::Counts;

/// What is to be written down next about a change.
pub(super) fn next(
    change: &Change,
    rules: &Rules,
    state: &EndpointState,
    measured: &Measured,
    facts: &Facts,
) -> Option<Entry> {
    let look = Look { change, rules, state, measured, facts };
    if let Some(reason) = look.failure() {
        return look.fails(reason);
    }
    if change.paused.is_some() && keeps(Guard::PauseHolds) {
        return None;
    }
    if look.is_swap()
        && let Some(entry) = look.swap()
    {
        return Some(entry);
    }
    if change.percent >= 100 { look.finish() } else { look.step() }
}

/// How far the next step leads.
pub(super) fn next_percent(change: &Change, rules: &Rules) -> u8 {
    let is_gradual = change.kind == ChangeKind::Rollout;
    let steps = rules.rollout.as_ref().filter(|_| is_gradual).map(|rules| rules.steps.as_slice());
    let steps = steps.unwrap_or_default().iter().copied();
    let mut later = steps.filter(|step| *step > change.percent && *step < 100);
    let next = if keeps(Guard::StepByStep) { later.next() } else { later.nth(1) };
    next.unwrap_or(100)
}

struct Look<'a> {
    change: &'a Change,
    rules: &'a Rules,
    state: &'a EndpointState,
    measured: &'a Measured,
    facts: &'a Facts,
}

impl Look<'_> {
    /// The rules that its steps are judged by; none when a person has decided already.
    fn judged_by(&self) -> Option<&RolloutRules> {
        self.rules.rollout.as_ref().filter(|_| self.change.kind == ChangeKind::Rollout)
    }

    fn is_swap(&self) -> bool {
        self.change.is_minimal_ram(self.rules, &self.state.weights)
    }

    fn is_lost(&self, id: &RevisionId) -> bool {
        let revision = self.state.revisions.get(id);
        revision.is_some_and(|one| self.measured.is_lost(id, one, self.facts.now))
    }

    /// None of these is ready, though they ought to be.
    fn is_down(&self, weights: &Weights) -> bool {
        !weights.is_empty() && weights.iter().all(|(id, _)| self.is_lost(id))
    }

    /// The new weights can't be those in the end.
    fn failure(&self) -> Option<String> {
        let begun = self.change.percent > 0;
        if (!begun || self.is_swap())
            && self.change.paused.is_none()
            && let Some(reason) = self.not_started()
        {
            return Some(reason);
        }
        if !begun {
            return None;
        }
        // Who held the weights before is no better off when those come back.
        let lost = self.change.gainers().find(|id| self.is_lost(id));
        if let Some(id) = lost
            && keeps(Guard::LossFails)
        {
            return Some(format!("{id} has no replica left that is ready{}", self.because(id)));
        }
        let rules = self.judged_by()?;
        self.change.gainers().find_map(|id| match self.judge(rules, id) {
            Verdict::Broken(reason) => Some(format!("{id}: {reason}")),
            _ => None,
        })
    }

    fn because(&self, id: &RevisionId) -> String {
        let failure = self.facts.revisions.get(id).and_then(|fact| fact.failure.as_ref());
        failure.map(|failure| format!(", because {failure}")).unwrap_or_default()
    }

    /// Who gains has not started in its time.
    fn not_started(&self) -> Option<String> {
        if self.is_swap() && !self.change.is_cleared || !keeps(Guard::StartTimeout) {
            return None;
        }
        self.change.gainers().find_map(|id| {
            let limit = self.state.revisions.get(id)?.rules.start_timeout;
            // It was ready, and is lost: another rule's.
            let has_started =
                warm(self.facts, id) > 0 || self.change.percent > 0 && self.measured.was_warm(id);
            let is_late = age(self.facts.now, self.change.since) >= limit;
            (is_late && !has_started).then(|| {
                let because = self.because(id);
                format!("no replica of {id} was ready within {} s{because}", limit.as_secs())
            })
        })
    }

    fn judge(&self, rules: &RolloutRules, id: &RevisionId) -> Verdict {
        let mut stable = Counts::default();
        for loser in self.change.losers() {
            stable.merge(&self.measured.counts(self.change, loser));
        }
        let stable = (stable.requests > 0).then_some(&stable);
        judge(rules, &self.measured.counts(self.change, id), stable)
    }

    /// The old weights come back, or the new ones wait for a person.
    fn fails(&self, reason: String) -> Option<Entry> {
        let Change { number, paused, from, percent, .. } = self.change;
        let pauses = self.judged_by().is_some_and(|rules| rules.on_failure == OnFailure::Pause);
        if pauses && *percent > 0 && !self.change.gainers().any(|id| self.is_lost(id)) {
            let change = Some(*number);
            return paused.is_none().then_some(Entry::Paused { change, reason });
        }
        // Back to nothing that is ready would be no better. It fails as soon as something is.
        let is_no_better = from.is_empty() || self.is_down(from);
        if *percent > 0 && is_no_better && !self.is_swap() {
            return None;
        }
        if *percent > 0 && !keeps(Guard::FailureTakes) {
            return None;
        }
        Some(Entry::Failed { change: *number, reason })
    }

    fn weights(&self, percent: u8, reason: String) -> Entry {
        let change = self.change.number;
        let weights = self.change.from.toward(&self.change.to, percent);
        Entry::Weights { change, percent, weights, reason }
    }

    fn pause(&self, reason: String) -> Entry {
        Entry::Paused { change: Some(self.change.number), reason }
    }

    /// The old one has to be gone before the new one starts: requests are held from here on.
    fn swap(&self) -> Option<Entry> {
        if self.change.percent == 0 {
            let names = names(&self.state.weights);
            return Some(self.weights(100, format!("{names} makes room, requests are held")));
        }
        if self.change.is_cleared {
            // Only once it is ready it can be judged.
            return None;
        }
        let mut others = self.facts.revisions.iter();
        let is_gone = others.all(|(id, fact)| self.change.to.get(id) > 0 || fact.living() == 0);
        let is_routed = self.facts.routed.as_ref() == Some(&self.state.weights);
        (is_gone && is_routed).then_some(Entry::Cleared { change: self.change.number })
    }

    /// Takes the next step, if everything is there for it.
    fn step(&self) -> Option<Entry> {
        let Change { percent, from, .. } = self.change;
        let now = self.facts.now;
        let next = next_percent(self.change, self.rules);
        let can_start = self.change.gainers().all(|id| warm(self.facts, id) > 0);
        // Nothing is left of the old one: what can answer does, and is judged there.
        if self.is_down(from) && can_start {
            let reason = format!("no replica of {} is ready", names(from));
            return Some(self.weights(100, reason));
        }
        let mut why = String::new();
        if *percent > 0 {
            match self.passed() {
                Ok(reason) => why = reason,
                Err(entry) => return entry,
            }
        }
        let at_next = from.toward(&self.change.to, next);
        let short = self.change.gainers().find_map(|id| {
            let enough = needed(id, at_next.get(id), self.rules, self.state, self.measured, now);
            let enough = if keeps(Guard::EnoughFirst) { enough } else { 1 };
            let enough = if keeps(Guard::WarmFirst) { enough } else { 0 };
            let warm = warm(self.facts, id);
            (warm < enough).then(|| format!("{warm} of {enough} replicas of {id} are ready"))
        });
        // What was lost meanwhile, or had made room, has to be there too before it carries more again.
        let back = at_next.iter().filter(|(id, weight)| *weight > self.state.weights.get(id));
        let gone = back.map(|(id, _)| id).find(|id| warm(self.facts, id) == 0);
        let gone = gone.filter(|_| keeps(Guard::WarmFirst));
        let short = short.or_else(|| gone.map(|id| format!("no replica of {id} is ready")));
        if let Some(short) = short {
            let waits = age(now, self.waits_since()) >= patience(self.rules, self.state);
            return (waits && can_start).then(|| self.pause(short));
        }
        let to = self.change.gainers().map(|id| format!("{id} is ready"));
        let ready = to.collect::<Vec<_>>().join(", ");
        let reasons = [why, ready].into_iter().find(|reason| !reason.is_empty());
        let back = || "the weights before the last change come back".to_owned();
        Some(self.weights(next, reasons.unwrap_or_else(back)))
    }

    /// When this step began, or this controller did, which could not judge it before.
    fn waits_since(&self) -> jiff::Timestamp {
        let since = self.change.since.max(self.measured.born());
        self.measured.step_since(self.change).unwrap_or(since).max(since)
    }

    /// Whether this step holds: with its reason, or with what is to be written down instead.
    fn passed(&self) -> Result<String, Option<Entry>> {
        let Some(rules) = self.judged_by() else { return Ok(String::new()) };
        let now = self.facts.now;
        let patience = age(now, self.waits_since()) >= rules.max_wait;
        if self.measured.step_since(self.change).is_none() {
            let reason = "routers have not confirmed the weights";
            return Err(patience.then(|| self.pause(reason.into())));
        }
        let unclear = self.change.gainers().find_map(|id| match self.judge(rules, id) {
            Verdict::Unclear(reason) | Verdict::Broken(reason) => Some(format!("{id}: {reason}")),
            Verdict::Holds => None,
        });
        if let Some(reason) = unclear {
            if patience && !keeps(Guard::SilenceHolds) {
                return Ok(reason);
            }
            return Err(patience.then(|| self.pause(format!("inconclusive: {reason}"))));
        }
        if age(now, self.waits_since()) < rules.interval && keeps(Guard::Interval) {
            return Err(None);
        }
        let told = self.change.gainers().map(|id| {
            let Counts { requests, errors, .. } = self.measured.counts(self.change, id);
            format!("{id} answered {requests} requests with {errors} errors")
        });
        Ok(told.collect::<Vec<_>>().join(", "))
    }

    /// The new weights are reached: it is over, or is judged once more.
    fn finish(&self) -> Option<Entry> {
        let change = self.change.number;
        if self.facts.routed.as_ref() != Some(&self.state.weights) {
            return None;
        }
        // A swap is over only when the new one has started.
        if self.is_swap() && self.change.gainers().any(|id| warm(self.facts, id) == 0) {
            return None;
        }
        let reason = if self.is_judged_at_the_end() {
            match self.passed() {
                Ok(reason) => reason,
                Err(entry) => return entry,
            }
        } else {
            format!("the weights are {}", self.state.weights)
        };
        Some(Entry::Finished { change, reason })
    }

    /// Whether the spec says so, or steps were left out because nothing else was ready.
    fn is_judged_at_the_end(&self) -> bool {
        self.judged_by().is_some_and(|rules| {
            let last = rules.steps.iter().copied().filter(|step| *step < 100).max().unwrap_or(0);
            rules.steps.contains(&100) || self.change.last_percent < last
        })
    }
}
