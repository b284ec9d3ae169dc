//! The adversary carries out its plan.

use std::time::Duration;

use super::agents::same;
use super::check::Cause;
use super::plan::{Fault, Moment, Ms, SECOND};
use super::world::{Event, World};
use crate::gang::{
    Carry, ExitStatus, Join, LinkId, MemberInput, Outcome, ReplicaId, SessionInput, ToPrimary,
    Verdict,
};

impl<'p> World<'p> {
    /// The agent that holds an index's place.
    fn holder(&self, index: usize) -> Option<usize> {
        self.agents.iter().rposition(|a| a.index == index && a.alive && a.visible)
    }

    pub(super) fn fault(&mut self, number: usize) {
        self.carry_out(&self.plan.faults[number].1);
    }

    /// A primary has come to a moment that faults may wait for. Each strikes once.
    pub(super) fn strike(&mut self, moment: Moment) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|(when, delay, fault)| {
            if *when != moment {
                return true;
            }
            self.cover.hit(match moment {
                Moment::Gathers => "struck while gathering",
                Moment::Starts => "struck while starting",
            });
            if *delay == 0 {
                self.carry_out(fault);
            } else {
                self.after(*delay, Event::Struck { fault });
            }
            false
        });
        self.waiting.append(&mut waiting);
    }

    pub(super) fn carry_out(&mut self, fault: &'p Fault) {
        self.log(|_| format!("FAULT {fault:?}"));
        match fault.clone() {
            Fault::At { .. } => {
                if let Fault::At { moment, delay, fault } = fault {
                    self.waiting.push((*moment, *delay, fault));
                }
            }
            Fault::Displace { index, after, extra } => self.displace(index, after, extra),
            Fault::KillAgent { index, stamp_zero } => {
                self.kill_in_set_up(index);
                self.with(index, |w, agent| {
                    w.agents[agent].stamp_zero = stamp_zero;
                    w.kill(agent, true);
                });
            }
            Fault::NodeLost { index, back } => self.with(index, |w, agent| {
                w.kill(agent, false);
                if let Some(back) = back {
                    w.after(back, Event::NodeBack { agent });
                }
            }),
            Fault::KillCommand { index } => self.with(index, |w, agent| {
                if let Some(process) = w.agents[agent].process
                    && !process.signalled
                    && !process.behaviour.unkillable
                {
                    let status = ExitStatus::Signal(9);
                    w.command_ends(agent, process, status, Cause::Own(false), false);
                }
            }),
            Fault::KillAll => {
                for index in 0..self.plan.n() {
                    self.with(index, |w, agent| w.kill(agent, true));
                }
            }
            Fault::CrashInVerdict { after } => self.crash_after = Some(after),
            Fault::Cut { index } => self.with(index, |w, agent| {
                w.disturb(index, 0);
                for wire in 0..w.wires.len() {
                    let one = &w.wires[wire];
                    if one.member == Some(agent) || one.primary == agent {
                        if let Some(member) = one.member {
                            w.disturb(w.agents[member].index, 0);
                        }
                        w.cut(wire);
                    }
                }
            }),
            Fault::Partition { index, out, inward, length } => self.with(index, |w, agent| {
                w.disturb(index, length);
                let until = w.now + length;
                let one = &mut w.agents[agent];
                if out {
                    one.no_way_out = one.no_way_out.max(until);
                }
                if inward {
                    one.no_way_in = one.no_way_in.max(until);
                }
            }),
            Fault::Slow { index, extra, length } => self.with(index, |w, agent| {
                w.disturb(index, length + extra);
                w.agents[agent].slow = (extra, w.now + length);
            }),
            Fault::Pause { index, length } => self.with(index, |w, agent| w.pause(agent, length)),
            Fault::Sigterm { indexes } => {
                for index in indexes {
                    self.with(index, |w, agent| {
                        w.agents[agent].disruption = w.rng.bool();
                        w.terminate(agent);
                    });
                }
            }
            Fault::Duplicate { index } => self.duplicate(index),
            Fault::Foreign { index, kind } => self.foreign(index, kind),
            Fault::Cancel => self.with(0, |w, agent| {
                w.facts.said.cancelled = true;
                let input = SessionInput::Cancel { by: "somebody".into() };
                w.after(0, Event::Session { agent, input });
            }),
            Fault::Suspend { length } => self.suspend(length),
            Fault::Deadline => self.job_over(),
            Fault::MemoryFull { index } => self.with(index, |w, a| w.agents[a].memory_full = true),
            Fault::Sleep { length } => self.sleep(length),
            Fault::BlackHole { index, up } => self.with(index, |w, agent| {
                if let Some(wire) = w.agents[agent].wire.filter(|wire| !same(&w.wires[*wire])) {
                    w.cover.hit("black hole");
                    w.disturb(index, 60_000);
                    if up {
                        w.wires[wire].loses_up = true;
                    } else {
                        w.wires[wire].loses_down = true;
                    }
                }
            }),
            Fault::DiskFull { index, torn, length } => self.with(index, |w, agent| {
                w.agents[agent].disk_full = (torn, w.now + length);
            }),
        }
    }

    fn with(&mut self, index: usize, act: impl FnOnce(&mut Self, usize)) {
        if let Some(agent) = self.holder(index) {
            act(self, agent);
        }
    }

    /// On a laptop an agent lives before it joins: while it sets up.
    fn kill_in_set_up(&mut self, index: usize) {
        let unborn = index > 0 && self.agents.iter().all(|agent| agent.index != index);
        if self.plan.laptop && unborn && self.agents.iter().any(|a| a.index == 0 && a.alive) {
            self.cover.hit("killed in set-up");
            self.job.indexes[index].done = true;
            self.disturb(index, 0);
            self.never_came(index);
        }
    }

    fn pause(&mut self, agent: usize, length: Ms) {
        self.disturb(self.agents[agent].index, length);
        let until = self.now + length;
        let one = &mut self.agents[agent];
        one.paused_until = one.paused_until.max(until);
        if u128::from(length) > self.plan.config.margin().as_millis() / 2 {
            one.long_pause_until = Some(one.paused_until);
        }
    }

    fn sleep(&mut self, length: Ms) {
        self.cover.hit("laptop slept");
        let until = self.now + length;
        self.asleep_until = self.asleep_until.max(until);
        let slept = Duration::from_millis(length);
        for agent in 0..self.agents.len() {
            self.disturb(self.agents[agent].index, length);
            self.agents[agent].paused_until = self.agents[agent].paused_until.max(until);
            if self.agents[agent].session.is_some() {
                let input = SessionInput::Suspended { slept };
                self.at(until, Event::Session { agent, input });
            }
            let input = MemberInput::Suspended { slept };
            self.at(until, Event::Member { agent, input });
        }
    }

    /// The pod's object is deleted by force while its process lives on where nobody sees it.
    fn duplicate(&mut self, index: usize) {
        if self.plan.n() == 1 {
            return;
        }
        // Two at once may be a whole second gang, which nobody can tell from the first.
        let others = self.agents.iter().filter(|a| a.alive && !a.visible).count();
        let Some(agent) = self.holder(index).filter(|_| others == 0) else { return };
        self.cover.hit("live duplicate");
        self.disturb(index, 600_000);
        self.agents[agent].visible = false;
        if index == 0 {
            // Only a node that can't be reached leaves such a primary behind.
            self.agents[agent].no_way_out = self.now + 600_000;
            self.agents[agent].no_way_in = self.now + 600_000;
            for wire in 0..self.wires.len() {
                if self.wires[wire].primary == agent {
                    self.cut(wire);
                }
            }
        }
        self.agents[agent].disruption = true;
        self.job.indexes[index].pod = None;
        self.agents[agent].visible = true;
        self.pod_ended(agent, 137);
        self.agents[agent].visible = false;
        self.after(400_000, Event::Kill { agent });
    }

    /// The Job controller replaces a pod at once, and the old one, which is hard to reach, lives
    /// on.
    fn displace(&mut self, index: usize, after: Ms, extra: Ms) {
        let others = self.agents.iter().filter(|a| a.alive && !a.visible).count();
        let Some(agent) = self.holder(index).filter(|_| others == 0) else { return };
        self.cover.hit("displaced");
        self.disturb(index, 600_000);
        self.agents[agent].slow = (extra, self.now + 20 * SECOND);
        self.agents[agent].visible = false;
        self.job.replace_at_once(index);
        self.after(after, Event::Create { index });
        self.after(400 * SECOND, Event::Kill { agent });
    }

    /// A join of another job, of another size, of nobody, or of a pod that is too late.
    fn foreign(&mut self, index: usize, kind: u8) {
        let Some(primary) = self.holder(0) else { return };
        let config = &self.plan.config;
        let mut join = Join {
            run: config.run.clone(),
            job_uid: config.job_uid.clone(),
            replica: config.members[index].replica.clone(),
            pod_uid: format!("foreign-{kind}"),
            generation: 90,
            size: config.members.len() as u32,
            running: None,
            seen: 0,
            sent: Duration::from_millis(1),
            carry: Carry { epoch: (90, 90), ..Carry::default() },
            met: None,
        };
        join.carry.verdict = Some(Verdict {
            outcome: Outcome::Succeeded,
            attempt: 90,
            first_failure: None,
            reason: "not ours".into(),
        });
        match kind {
            0 => join.job_uid = "another".into(),
            1 => join.size += 1,
            2 => join.replica = ReplicaId::new("nobody", 0),
            _ => {
                if self.agents[primary].joined[index].is_none() {
                    return;
                }
                join.generation = 0;
            }
        }
        let wire = self.new_wire(None, primary);
        let link = LinkId(wire as u64);
        let input = SessionInput::Message { link, message: ToPrimary::Join(join) };
        self.session_input(primary, input);
    }
}
