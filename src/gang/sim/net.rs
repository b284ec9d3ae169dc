//! Links: in order while they last, delayed, cut, blocked one way; late words of old links.

use super::agents::same;
use super::plan::Ms;
use super::world::{Event, World};
use crate::gang::{LinkId, MemberInput, SessionInput, ToMember, ToPrimary};

/// One connection. Its number is its [`LinkId`].
#[derive(Debug)]
pub(super) struct Wire {
    /// `None` for one that pretends to be a member.
    pub(super) member: Option<usize>,
    pub(super) primary: usize,
    /// Nothing that has not arrived by now will.
    pub(super) cut: bool,
    pub(super) member_closed: bool,
    pub(super) primary_closed: bool,
    /// What is sent from now on is lost on its way, and neither side hears of it.
    pub(super) loses_up: bool,
    pub(super) loses_down: bool,
    last_up: Ms,
    last_down: Ms,
}

impl World<'_> {
    pub(super) fn new_wire(&mut self, member: Option<usize>, primary: usize) -> usize {
        self.wires.push(Wire {
            member,
            primary,
            cut: false,
            member_closed: false,
            primary_closed: false,
            loses_up: false,
            loses_down: false,
            last_up: 0,
            last_down: 0,
        });
        self.wires.len() - 1
    }

    /// When something sent now from one agent to another arrives.
    fn transit(&mut self, from: usize, to: usize) -> Ms {
        if from == to {
            return self.now;
        }
        let most = if self.rng.u8(..10) == 0 { 300 } else { 20 };
        let jitter = 1 + self.rng.u64(..most);
        let (out, inward) = (self.agents[from].no_way_out, self.agents[to].no_way_in);
        let mut slow = 0;
        for agent in [from, to] {
            let (extra, until) = self.agents[agent].slow;
            if until > self.now {
                slow += self.rng.u64(..=extra);
            }
        }
        self.now.max(out).max(inward) + jitter + slow
    }

    pub(super) fn send_up(&mut self, agent: usize, message: ToPrimary) {
        let Some(wire) = self.agents[agent].wire else { return };
        if self.wires[wire].loses_up {
            return;
        }
        let at = self.transit(agent, self.wires[wire].primary).max(self.wires[wire].last_up);
        self.wires[wire].last_up = at;
        if self.plan.repeats && self.rng.u8(..12) == 0 && !matches!(message, ToPrimary::Join(_)) {
            self.at(at, Event::Up { wire, message: message.clone() });
        }
        self.at(at, Event::Up { wire, message });
    }

    pub(super) fn send_down(&mut self, wire: usize, message: ToMember) {
        let Some(member) = self.wires[wire].member else { return };
        if self.wires[wire].primary_closed || self.wires[wire].loses_down {
            return;
        }
        let at = self.transit(self.wires[wire].primary, member).max(self.wires[wire].last_down);
        self.wires[wire].last_down = at;
        if self.plan.repeats && self.rng.u8(..12) == 0 {
            self.at(at, Event::Down { wire, message: message.clone() });
        }
        self.at(at, Event::Down { wire, message });
    }

    pub(super) fn arrives_up(&mut self, wire: usize, message: ToPrimary) {
        let link = &self.wires[wire];
        if !link.cut && !link.primary_closed {
            let input = SessionInput::Message { link: LinkId(wire as u64), message };
            self.session_input(link.primary, input);
        }
    }

    pub(super) fn arrives_down(&mut self, wire: usize, message: ToMember) {
        let link = &self.wires[wire];
        let Some(agent) = link.member else { return };
        if !link.cut && self.agents[agent].wire == Some(wire) {
            if message == ToMember::Release {
                self.agents[agent].released = true;
            }
            self.member_input(agent, MemberInput::Message(message));
        }
    }

    pub(super) fn ends_at_primary(&mut self, wire: usize) {
        if !std::mem::replace(&mut self.wires[wire].primary_closed, true) {
            let input = SessionInput::LinkLost { link: LinkId(wire as u64) };
            self.session_input(self.wires[wire].primary, input);
        }
    }

    pub(super) fn ends_at_member(&mut self, wire: usize) {
        let Some(agent) = self.wires[wire].member else { return };
        if self.agents[agent].wire == Some(wire) {
            self.agents[agent].wire = None;
            self.member_input(agent, MemberInput::LinkLost { refused: false });
        }
    }

    /// The member's side closes; what it sent still arrives.
    pub(super) fn member_closes(&mut self, wire: usize) {
        let Some(agent) = self.wires[wire].member else { return };
        if !std::mem::replace(&mut self.wires[wire].member_closed, true) {
            if self.agents[agent].wire == Some(wire) {
                self.agents[agent].wire = None;
            }
            if self.wires[wire].loses_up {
                return;
            }
            let at = self.transit(agent, self.wires[wire].primary).max(self.wires[wire].last_up);
            self.at(at, Event::EndAtPrimary { wire });
        }
    }

    /// The primary's side closes; what it sent still arrives.
    pub(super) fn primary_closes(&mut self, wire: usize) {
        let Some(agent) = self.wires[wire].member else { return };
        if !std::mem::replace(&mut self.wires[wire].primary_closed, true) {
            if self.wires[wire].loses_down {
                return;
            }
            let primary = self.wires[wire].primary;
            let at = self.transit(primary, agent).max(self.wires[wire].last_down);
            self.at(at, Event::EndAtMember { wire });
        }
    }

    /// The link breaks: both sides hear of it sooner or later, what is under way is gone.
    pub(super) fn cut(&mut self, wire: usize) {
        if same(&self.wires[wire]) {
            return;
        }
        self.wires[wire].cut = true;
        let (one, two) = (self.rng.u64(..3000), self.rng.u64(..3000));
        self.after(one, Event::EndAtPrimary { wire });
        self.after(two, Event::EndAtMember { wire });
    }

    /// Whoever answers at the primary's address.
    pub(super) fn dialled(&mut self, agent: usize, dial: u32) {
        if self.agents[agent].dial != dial {
            return;
        }
        let found = if self.agents[agent].index == 0 {
            Some(agent)
        } else {
            self.agents.iter().rposition(|a| a.index == 0 && a.alive && a.visible)
        };
        let reachable = found.filter(|primary| {
            let (me, it) = (&self.agents[agent], &self.agents[*primary]);
            *primary == agent
                || [me.no_way_in, me.no_way_out, it.no_way_in, it.no_way_out]
                    .iter()
                    .all(|until| *until <= self.now)
        });
        if let Some(primary) = reachable {
            let wire = self.new_wire(Some(agent), primary);
            self.agents[agent].wire = Some(wire);
            self.member_input(agent, MemberInput::LinkUp);
        } else {
            let refused = found.is_none();
            let delay = if refused { 5 } else { 2000 };
            let input = MemberInput::LinkLost { refused };
            self.after(delay, Event::Member { agent, input });
        }
    }
}
