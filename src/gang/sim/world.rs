//! The world: its clock, its queue of events and who lives in it.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::check::Facts;
use super::cover::Cover;
use super::job::Job;
use super::net::Wire;
use super::plan::{Behaviour, Fault, Moment, Ms, Plan};
use crate::gang::{
    Attempt, Carry, Incarnation, MemberInput, MemberMachine, Now, Past, Session, SessionInput,
    TerminationMessage, ToMember, ToPrimary,
};

/// Something that is due at a time of the world's clock.
#[derive(Debug)]
pub(super) enum Event<'p> {
    Tick { agent: usize },
    Member { agent: usize, input: MemberInput },
    Session { agent: usize, input: SessionInput },
    Up { wire: usize, message: ToPrimary },
    Down { wire: usize, message: ToMember },
    EndAtPrimary { wire: usize },
    EndAtMember { wire: usize },
    Dialled { agent: usize, dial: u32 },
    Command { agent: usize, attempt: Attempt, what: CommandEvent },
    Fault { index: usize },
    Struck { fault: &'p Fault },
    Create { index: usize },
    Kill { agent: usize },
    NodeBack { agent: usize },
    Resume,
}

/// What a command does by itself or because it was signalled.
#[derive(Clone, Copy, Debug)]
pub(super) enum CommandEvent {
    Started,
    Ends,
    LosesPeer,
    ObeysTerm { zero: bool },
    Dies,
}

struct Entry<'p> {
    at: Ms,
    order: u64,
    event: Event<'p>,
}

impl PartialEq for Entry<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}
impl Eq for Entry<'_> {}
impl PartialOrd for Entry<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

/// A command as the world knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Process {
    pub(super) attempt: Attempt,
    /// The agent of the primary that started it.
    pub(super) primary: usize,
    pub(super) behaviour: Behaviour,
    pub(super) signalled: bool,
    pub(super) signalled_at: Ms,
    pub(super) killed_at: Option<Ms>,
}

/// One agent: a pod, or a process on a laptop.
#[derive(Debug)]
pub(super) struct Agent {
    pub(super) index: usize,
    pub(super) pod: String,
    pub(super) generation: u32,
    pub(super) offset: Ms,
    pub(super) alive: bool,
    /// Killed, gone with its node or sent away: its index is not final.
    pub(super) killed: bool,
    /// The Job controller (or the next mlctl command) sees it.
    pub(super) visible: bool,
    pub(super) member: MemberMachine,
    pub(super) session: Option<Session>,
    pub(super) wire: Option<usize>,
    pub(super) dial: u32,
    pub(super) process: Option<Process>,
    pub(super) paused_until: Ms,
    /// The end of its last pause that was longer than the margin.
    pub(super) long_pause_until: Option<Ms>,
    pub(super) no_way_out: Ms,
    pub(super) no_way_in: Ms,
    pub(super) slow: (Ms, Ms),
    pub(super) memory_full: bool,
    /// Until when no message can be written, and whether a try tears the last one.
    pub(super) disk_full: (bool, Ms),
    /// The termination message that a reader of its pod finds now; `None` before the first.
    pub(super) said: Option<TerminationMessage>,
    pub(super) disruption: bool,
    pub(super) deleted: bool,
    pub(super) stamp_zero: bool,
    pub(super) released: bool,
    pub(super) tick_at: Ms,
    /// In a primary: who holds each place by its session's own events.
    pub(super) joined: Vec<Option<usize>>,
    pub(super) born_at: Ms,
    pub(super) died_at: Ms,
}

/// The state of one simulated run: its agents, its links, its Job and what was observed of it.
pub(super) struct World<'p> {
    pub(super) plan: &'p Plan,
    pub(super) now: Ms,
    pub(super) rng: fastrand::Rng,
    pub(super) agents: Vec<Agent>,
    pub(super) wires: Vec<Wire>,
    pub(super) job: Job,
    pub(super) facts: Facts,
    pub(super) cover: Cover,
    pub(super) asleep_until: Ms,
    /// Outputs of the primary from its verdict on, until it is killed.
    pub(super) crash_after: Option<u32>,
    /// Faults that wait for a moment of a primary, and how long after it they strike.
    pub(super) waiting: Vec<(Moment, Ms, &'p Fault)>,
    pub(super) trace: Option<Vec<String>>,
    queue: BinaryHeap<Entry<'p>>,
    order: u64,
}

impl<'p> World<'p> {
    pub(super) fn new(plan: &'p Plan, trace: bool) -> Self {
        let mut world = Self {
            plan,
            now: 0,
            rng: fastrand::Rng::with_seed(plan.seed ^ 0x5eed),
            agents: Vec::new(),
            wires: Vec::new(),
            job: Job::new(plan.n()),
            facts: Facts::new(plan.n()),
            cover: Cover::default(),
            asleep_until: 0,
            crash_after: None,
            waiting: Vec::new(),
            trace: trace.then(Vec::new),
            queue: BinaryHeap::new(),
            order: 0,
        };
        for (index, at) in plan.starts.iter().enumerate() {
            world.at(*at, Event::Create { index });
        }
        for (index, (at, _)) in plan.faults.iter().enumerate() {
            world.at(*at, Event::Fault { index });
        }
        world
    }

    /// Runs until nothing is left to happen, an invariant breaks, or the horizon is reached.
    pub(super) fn run(&mut self, horizon: Ms) {
        while self.facts.broken.is_none() {
            let Some(entry) = self.queue.pop() else { break };
            if entry.at > horizon {
                break;
            }
            self.now = entry.at;
            self.step(entry.event);
        }
        if self.facts.broken.is_none() {
            self.check_all_ended();
            self.check_last_words();
        }
    }

    pub(super) fn at(&mut self, at: Ms, event: Event<'p>) {
        self.order += 1;
        self.queue.push(Entry { at, order: self.order, event });
    }

    pub(super) fn after(&mut self, delay: Ms, event: Event<'p>) {
        self.at(self.now + delay, event);
    }

    pub(super) fn log(&mut self, line: impl FnOnce(&Self) -> String) {
        if self.trace.is_some() {
            let line = format!("{:>9.3}  {}", self.now as f64 / 1000.0, line(self));
            if let Some(trace) = &mut self.trace {
                trace.push(line);
            }
        }
    }

    /// What the agent's own clock shows now: clocks of agents differ by their offsets.
    pub(super) fn local(&self, agent: usize) -> Now {
        Duration::from_millis(self.now + self.agents[agent].offset)
    }

    /// Creates an agent and its first tick.
    pub(super) fn spawn(&mut self, index: usize, generation: u32, disruptions: u32) -> usize {
        let agent = self.agents.len();
        let replica = self.plan.config.members[index].replica.clone();
        let me = Incarnation { pod_uid: format!("pod-{agent}"), generation };
        let offset = self.rng.u64(..1_000_000);
        let now = Duration::from_millis(self.now + offset);
        let config = &self.plan.config;
        self.agents.push(Agent {
            index,
            pod: me.pod_uid.clone(),
            generation,
            offset,
            alive: true,
            killed: false,
            visible: true,
            session: (index == 0).then(|| {
                let mut session = Session::new(config.clone(), me.clone(), now);
                let known = Carry::default();
                session.inherit(&Past { known, replaced: generation, disruptions });
                session
            }),
            member: MemberMachine::new(config.clone(), replica, me, now),
            wire: None,
            dial: 0,
            process: None,
            paused_until: 0,
            long_pause_until: None,
            no_way_out: 0,
            no_way_in: 0,
            slow: (0, 0),
            memory_full: false,
            disk_full: (false, 0),
            said: None,
            disruption: false,
            deleted: false,
            stamp_zero: false,
            released: false,
            tick_at: Ms::MAX,
            joined: vec![None; self.plan.n()],
            born_at: self.now,
            died_at: Ms::MAX,
        });
        self.log(|_| format!("agent {agent} (index {index}, generation {generation}) starts"));
        self.after(0, Event::Tick { agent });
        agent
    }

    /// Which agent's process an event needs awake.
    fn addressee(&self, event: &Event<'p>) -> Option<usize> {
        match event {
            Event::Tick { agent }
            | Event::Member { agent, .. }
            | Event::Session { agent, .. }
            | Event::Dialled { agent, .. } => Some(*agent),
            Event::Up { wire, .. } | Event::EndAtPrimary { wire } => {
                Some(self.wires[*wire].primary)
            }
            Event::Down { wire, .. } | Event::EndAtMember { wire } => self.wires[*wire].member,
            _ => None,
        }
    }

    fn step(&mut self, event: Event<'p>) {
        if let Some(agent) = self.addressee(&event) {
            if !self.agents[agent].alive {
                return;
            }
            let until = self.agents[agent].paused_until;
            if until > self.now {
                self.at(until, event);
                return;
            }
        }
        match event {
            Event::Tick { agent } => {
                self.agents[agent].tick_at = Ms::MAX;
                if self.agents[agent].session.is_some() {
                    self.session_input(agent, SessionInput::Tick);
                }
                self.member_input(agent, MemberInput::Tick);
            }
            Event::Member { agent, input } => self.member_input(agent, input),
            Event::Session { agent, input } => self.session_input(agent, input),
            Event::Up { wire, message } => self.arrives_up(wire, message),
            Event::Down { wire, message } => self.arrives_down(wire, message),
            Event::EndAtPrimary { wire } => self.ends_at_primary(wire),
            Event::EndAtMember { wire } => self.ends_at_member(wire),
            Event::Dialled { agent, dial } => self.dialled(agent, dial),
            Event::Command { agent, attempt, what } => self.command(agent, attempt, what),
            Event::Fault { index } => self.fault(index),
            Event::Struck { fault } => self.carry_out(fault),
            Event::Create { index } => self.create(index),
            Event::Kill { agent } => self.kill(agent, true),
            Event::NodeBack { agent } => self.node_back(agent),
            Event::Resume => self.resume(),
        }
    }
}
