//! Kills of which one can say when they came: the victim is stopped first, and what it has told by
//! then is all that it will ever tell.

use std::time::Instant;

use mlctl::event::{Event, EventKind};
use rustix::process::{Pid, getsid};

use super::story::own_events;
use crate::support::{Sandbox, children, kill, stop};

/// Who is killed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Victim {
    Mlctl,
    Agent(&'static str),
    Guard(&'static str),
    /// The command, or in set-up its step.
    Command(&'static str),
    /// Both at once: neither sees the other's end.
    AgentAndGuard(&'static str),
}

impl Victim {
    fn replica(self) -> Option<&'static str> {
        match self {
            Self::Mlctl => None,
            Self::Agent(replica)
            | Self::Guard(replica)
            | Self::Command(replica)
            | Self::AgentAndGuard(replica) => Some(replica),
        }
    }
}

/// A kill that has hit.
pub struct Blow {
    pub at: Instant,
    /// What the replica's agent had told until then. All of it, where the agent is the victim.
    pub told: Vec<Event>,
    /// The replica was past its set-up.
    pub was_set_up: bool,
    /// Its command had been started, and its agent did not know of an end.
    pub was_running: bool,
}

/// Kills a victim that lives; `None` when there is none.
pub fn strike(sandbox: &Sandbox, victim: Victim, mlctl: u32) -> Option<Blow> {
    let guard = || guard(sandbox, victim.replica()?);
    let agent = || sandbox.agent(victim.replica()?);
    let mlctl = || i32::try_from(mlctl).ok();
    let stopped: Vec<i32> = match victim {
        Victim::Mlctl => mlctl().filter(|pid| stop(*pid)).into_iter().collect(),
        Victim::Agent(_) => agent().filter(|pid| stop(*pid)).into_iter().collect(),
        Victim::Guard(_) => guard().filter(|pid| stop(*pid)).into_iter().collect(),
        Victim::Command(_) => {
            guard().and_then(command).filter(|pid| stop(*pid)).into_iter().collect()
        }
        // The agent first: it starts no other guard then, and doesn't see this one's end.
        Victim::AgentAndGuard(_) => {
            let agent = agent().filter(|pid| stop(*pid));
            let guard = agent.and_then(|_| guard()).filter(|pid| stop(*pid));
            agent.into_iter().chain(guard).collect()
        }
    };
    if stopped.is_empty() {
        return None;
    }
    let told = victim.replica().map(|replica| own_events(sandbox, replica)).unwrap_or_default();
    // A guard of set-up is gone before the command is begun.
    let was_set_up = told.iter().any(|event| event.kind == EventKind::CommandStarting);
    let was_running = was_set_up && guard().and_then(command).is_some();
    let at = Instant::now();
    stopped.into_iter().for_each(kill);
    Some(Blow { at, told, was_set_up, was_running })
}

fn guard(sandbox: &Sandbox, replica: &str) -> Option<i32> {
    children(sandbox.agent(replica)?).into_iter().find(|pid| {
        let line = fs_err::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|b| *b == 0).nth(1) == Some(b"agent-guard")
    })
}

/// What a guard guards, ended or not, until the guard has taken note of its end. What the command
/// has left behind is the guard's child too, but of another session.
fn command(guard: i32) -> Option<i32> {
    let session = |pid| getsid(Pid::from_raw(pid)).ok();
    let own = session(guard)?;
    children(guard).into_iter().find(|child| session(*child) == Some(own))
}
