//! The invariants I1 to I10 of the gang (I11 and I12 are in `reason`), checked as things happen.

use std::collections::HashMap;

use super::plan::{Ms, SECOND};
use super::reason::Said;
use super::world::World;
use crate::gang::{AgentExit, Attempt, Outcome, Verdict, verdict_rank, verdict_that_counts};

/// Why a command ended, as only the world knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// By itself; `true` for well.
    Own(bool),
    /// Its agent or its container killed it.
    Killed,
    /// By itself, because a peer was gone.
    Peer,
}

/// The verdict that a reader of the pods would see.
#[derive(Clone, Debug)]
struct Seen {
    outcome: Outcome,
    epoch: (u32, Attempt),
    by: usize,
    /// Who was linked to that primary then and knew of it.
    witnesses: Vec<usize>,
}

/// What the world remembers in order to judge.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) broken: Option<(&'static str, String)>,
    pub(super) ended: HashMap<(usize, Attempt), Vec<(usize, Cause)>>,
    pub(super) disturbed: Vec<Option<Ms>>,
    verdict: Option<Seen>,
    pub(super) crashing: Option<usize>,
    pub(super) retried: bool,
    /// The generations have started from 0 again.
    pub(super) reset: bool,
    pub(super) held: Option<Attempt>,
    pub(super) said: Said,
    /// A verdict was taken back: see [`World::forget`].
    forgotten: bool,
}

impl Facts {
    pub(super) fn new(n: usize) -> Self {
        Self {
            broken: None,
            ended: HashMap::new(),
            disturbed: vec![None; n],
            verdict: None,
            crashing: None,
            retried: false,
            reset: false,
            held: None,
            said: Said::default(),
            forgotten: false,
        }
    }

    pub(super) fn ended(&mut self, index: usize, attempt: Attempt, agent: usize, cause: Cause) {
        self.ended.entry((index, attempt)).or_default().push((agent, cause));
        if cause == Cause::Peer {
            self.held = Some(attempt);
        }
    }

    pub(super) fn committed_by(&self, agent: usize) -> bool {
        self.verdict.as_ref().is_some_and(|seen| seen.by == agent)
    }

    pub(super) fn cause(&self, index: usize, attempt: Attempt, cause: Cause) -> bool {
        let all = self.ended.get(&(index, attempt));
        all.is_some_and(|all| all.iter().any(|(_, c)| *c == cause))
    }
}

impl World<'_> {
    pub(super) fn broken(&mut self, rule: &'static str, what: String) {
        self.log(|_| format!("BROKEN {rule}: {what}"));
        if self.facts.broken.is_none() {
            self.facts.broken = Some((rule, what));
        }
    }

    /// This index was interfered with; of the primary, all were.
    pub(super) fn disturb(&mut self, index: usize, length: Ms) {
        let until = self.now + length;
        let all = index == 0 && length > 0;
        for (i, at) in self.facts.disturbed.iter_mut().enumerate() {
            if i == index || all {
                *at = Some(at.map_or(until, |old| old.max(until)));
            }
        }
    }

    /// I1 and I7, when a command starts: no other attempt runs anywhere, and no verdict is
    /// committed.
    pub(super) fn check_start(&mut self, agent: usize, attempt: Attempt, primary: usize) {
        for other in 0..self.agents.len() {
            let Some(process) = self.agents[other].process else { continue };
            if other == agent || (process.attempt, process.primary) == (attempt, primary) {
                continue;
            }
            let one = &self.agents[other];
            // A process that stands still can't kill its command in time.
            let paused = one.long_pause_until.is_some_and(|until| self.now < until + 15 * SECOND);
            let stuck = process.killed_at.is_some()
                && process.behaviour.unkillable
                && one.wire.is_none_or(|wire| self.wires[wire].primary != primary);
            // Without generation and memory nobody can know of a predecessor.
            let amnesia = attempt == 1 && self.agents.iter().any(|a| a.stamp_zero)
                || self.facts.reset && !(one.visible && self.agents[agent].visible);
            if paused {
                self.cover.hit("declared pause");
            } else if !stuck && !amnesia {
                let old = process.attempt;
                let what = format!(
                    "attempt {attempt} starts at agent {agent} while attempt {old} runs at agent {other}"
                );
                self.broken("I1", what);
                return;
            }
        }
        self.forget();
        if self.has_ghost(primary) {
            return;
        }
        if let Some(seen) = &self.facts.verdict {
            let what =
                format!("attempt {attempt} starts at agent {agent} after {:?}", seen.outcome);
            self.broken("I7", what);
        }
    }

    /// A pod that was deleted by force lives on and holds the place of a finished index: only the
    /// API could tell its gang from a whole one.
    fn has_ghost(&mut self, primary: usize) -> bool {
        let ghost = self.agents[primary].joined.iter().flatten().any(|a| !self.agents[*a].visible);
        let finished = self.job.indexes.iter().any(|index| index.done);
        if ghost && finished {
            self.cover.hit("ghost in the place of a finished index");
        }
        ghost && finished
    }

    /// A verdict whose every witness was killed is beyond the gang's memory.
    fn forget(&mut self) {
        let lost = self.facts.verdict.as_ref().is_some_and(|seen| {
            seen.witnesses.iter().all(|w| {
                let one = &self.agents[*w];
                !one.visible || !one.alive && one.killed
            }) && !self.agents[seen.by].alive
        });
        if lost {
            self.cover.hit("verdict forgotten with all its witnesses");
            self.facts.verdict = None;
            self.facts.forgotten = true;
        }
    }

    /// I3: at most one verdict, and the highest epoch counts.
    pub(super) fn committed(&mut self, agent: usize, verdict: &Verdict) {
        if !self.agents[agent].visible {
            return;
        }
        self.forget();
        if self.has_ghost(agent) {
            self.facts.verdict = None;
            self.facts.forgotten = true;
        }
        let epoch = self.agents[agent].session.as_ref().map_or((0, 0), |s| s.memory().epoch);
        let outcome = verdict.outcome;
        if let Some(seen) = &self.facts.verdict {
            let outranks = verdict_rank(epoch, outcome) >= verdict_rank(seen.epoch, seen.outcome);
            if seen.outcome != outcome && outranks {
                let what = format!(
                    "{:?} at {:?}, then {outcome:?} at {epoch:?}",
                    seen.outcome, seen.epoch
                );
                self.broken("I3", what);
            }
            return;
        }
        let witnesses: Vec<usize> = (0..self.agents.len())
            .filter(|a| {
                let one = &self.agents[*a];
                let linked = one.wire.is_some_and(|wire| self.wires[wire].primary == agent);
                *a != agent && one.alive && one.visible && linked
            })
            .collect();
        let known = witnesses.iter().all(|w| self.agents[*w].member.carry().verdict.is_some());
        if !known {
            self.cover.hit("commit without all acknowledgements");
        }
        self.facts.verdict = Some(Seen { outcome, epoch, by: agent, witnesses });
        self.cover.hit(match outcome {
            Outcome::Succeeded if self.facts.retried => "success after retry",
            Outcome::Succeeded => "success",
            Outcome::Failed => "failed",
            Outcome::Cancelled => "cancelled",
            Outcome::TimedOut => "timed out",
            Outcome::CouldNotStart => "could not start",
        });
    }

    /// Leaves with a verdict that a primary still to come would need, and knows that the last one
    /// is gone.
    fn carries_away(&self, agent: usize) -> bool {
        let Some(seen) = &self.facts.verdict else { return false };
        let (one, by) = (&self.agents[agent], &self.agents[seen.by]);
        let knows = one.member.carry().verdict.is_some() && one.released;
        let replaced = !self.plan.laptop && !self.job.indexes[0].done && !by.alive && by.killed;
        // Its last word may have come as long before its end as a silence is borne, or before the
        // pause or the partition in which it ended.
        let bound =
            self.plan.config.orphan_bound(true, 0).saturating_sub(self.plan.config.dead_after());
        let bound = bound.as_millis() as Ms;
        let mute = by.paused_until.max(by.no_way_out) > by.died_at;
        let waited = mute || self.now >= by.died_at.saturating_add(bound);
        let told = self.agents.iter().any(|other| {
            let memory = other.session.as_ref().map(crate::gang::Session::memory);
            other.alive && memory.is_some_and(|memory| memory.verdict.is_some())
        });
        knows && replaced && one.visible && one.wire.is_none() && !one.deleted && !waited && !told
    }

    /// I4: exit 0 means a committed success, who was released exits by the verdict, and stays as
    /// long as another primary may ask for it.
    pub(super) fn check_exit(&mut self, agent: usize, exit: AgentExit) {
        if matches!(exit, AgentExit::Success | AgentExit::Final) && self.carries_away(agent) {
            self.broken("I4", format!("agent {agent} carries the verdict away"));
        }
        let success = self.facts.verdict.as_ref().is_some_and(|s| s.outcome == Outcome::Succeeded);
        let zero = exit == AgentExit::Success;
        if zero && !success && self.agents[agent].visible {
            self.broken("I4", format!("agent {agent} exits 0 without a committed success"));
        }
        if success && !zero && self.agents[agent].visible {
            let by_us = self.facts.committed_by(agent);
            let knows = self.agents[agent].member.carry().verdict.as_ref();
            let told = knows.is_some_and(|v| v.outcome == Outcome::Succeeded);
            if told && self.agents[agent].released || by_us && exit != AgentExit::Terminated {
                self.broken("I4", format!("agent {agent} exits {} after a success", exit.code()));
            }
        }
    }

    /// I3 as a reader of the termination messages sees it, those on full disks missing.
    pub(super) fn check_last_words(&mut self) {
        let visible = self.agents.iter().filter(|agent| agent.visible);
        let said = verdict_that_counts(visible.filter_map(|agent| agent.said.as_ref()))
            .map(|verdict| verdict.outcome);
        if self.facts.forgotten {
            return;
        }
        let unreadable = self.facts.verdict.as_ref().is_some_and(|seen| {
            let by = &self.agents[seen.by];
            !by.visible || by.disk_full.1 > 0
        });
        match (&self.facts.verdict, said) {
            // Whoever could read the verdict would pass over "could not start".
            (Some(_), Some(Outcome::CouldNotStart)) if unreadable => {
                self.cover.hit("verdict on full disks only");
            }
            (Some(seen), Some(outcome)) if seen.outcome != outcome => {
                let what = format!("{:?} was committed, {outcome:?} is read", seen.outcome);
                self.broken("I3", what);
            }
            (Some(seen), None) => {
                if !unreadable {
                    self.broken("I3", format!("{:?} was committed, nothing is read", seen.outcome));
                }
                self.cover.hit("verdict on full disks only");
            }
            (None, Some(outcome)) => {
                self.broken("I3", format!("nothing was committed, {outcome:?} is read"));
            }
            _ => {}
        }
    }

    /// I8: nothing is left when nothing more happens.
    pub(super) fn check_all_ended(&mut self) {
        if let Some(agent) = self.agents.iter().position(|agent| agent.alive) {
            self.broken("I8", format!("agent {agent} never exits"));
        }
    }
}
