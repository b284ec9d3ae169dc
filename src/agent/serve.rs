//! The agent's main loop: what its threads say becomes inputs of the machines.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use super::classify::{MemoryEvidence, classify};
use super::config::{AgentConfig, CANCELLED};
use super::input::{Input, Unmet};
use super::link::Link;
use super::log::Log;
use super::past::Keeper;
use super::runner::Runner;
use super::usage::{Meter, SAMPLE_INTERVAL, Telling};
use crate::event::EventKind;
use crate::gang::{
    AgentExit, Attempt, Carry, LinkId, MemberInput, MemberMachine, Session, SessionInput, ToMember,
    ToPrimary, Verdict,
};
use crate::sys;

/// An input that waits for one of the machines.
pub(super) enum Work {
    /// For the machine of the whole gang, which only the primary has.
    Session(SessionInput),
    /// For the machine of this member.
    Member(MemberInput),
}

/// A new pod's name is in the cluster's DNS within this time, or something is wrong.
const NAME_PATIENCE: Duration = Duration::from_secs(15);

/// Since when the primary's name has had no address.
#[derive(Debug)]
pub(super) struct Nameless {
    pub(super) since: Instant,
    /// The name, and what the resolver says.
    pub(super) reason: String,
    is_said: bool,
}

impl Default for Nameless {
    fn default() -> Self {
        Self { since: Instant::now(), reason: String::new(), is_said: false }
    }
}

/// An agent: its machines, and what they need around them.
pub(super) struct Agent {
    pub(super) config: Arc<AgentConfig>,
    pub(super) token: Arc<[u8]>,
    pub(super) member: MemberMachine,
    pub(super) session: Option<Session>,
    /// At the primary: what keeps the gang's memory where it outlives all pods; `None` where nothing does.
    pub(super) keeper: Option<Keeper>,
    /// At the primary: the verdict, once it is final.
    pub(super) committed: Option<Verdict>,
    pub(super) meter: Meter,
    pub(super) telling: Telling,
    pub(super) log: Arc<Log>,
    pub(super) runner: Runner,
    pub(super) inputs: Sender<Input>,
    /// When the agent started, by the monotonic clock; the machines' time counts from there.
    pub(super) start: Duration,
    pub(super) sleep: sys::SleepWatch,
    pub(super) work: VecDeque<Work>,
    /// At the primary: the links of the other members.
    pub(super) members: BTreeMap<u64, Link<ToMember>>,
    /// Elsewhere: the link to the primary.
    pub(super) primary: Option<Link<ToPrimary>>,
    /// Why what answered the last dial is not the primary, and whether that has been said.
    pub(super) stranger: Option<(String, bool)>,
    /// The primary's name has no address, and that is why there is no link.
    pub(super) nameless: Option<Nameless>,
    /// The number of the last dial. Answers to earlier ones are void.
    pub(super) dial: u64,
    /// Numbers of the primary's own in-process links.
    pub(super) next_link: u64,
    /// At the primary: the link of its own member; `None` while that is not connected.
    pub(super) own_link: Option<LinkId>,
    /// The attempt whose command runs.
    pub(super) running: Option<Attempt>,
    pub(super) attempt: Attempt,
    /// The verdict is there.
    pub(super) decided: bool,
    /// When the use of resources was measured last.
    pub(super) sampled: Instant,
    /// How the agent ends; `None` as long as it goes on.
    pub(super) exit: Option<AgentExit>,
}

impl Agent {
    /// The machines' time.
    pub(super) fn now(&self) -> Duration {
        sys::monotonic().saturating_sub(self.start)
    }

    /// The main loop: gives inputs to the machines until one of them ends the agent.
    pub(super) fn serve(mut self, queue: &Receiver<Input>) -> AgentExit {
        loop {
            if let Some(slept) = self.sleep.slept() {
                self.work.push_front(Work::Member(MemberInput::Suspended { slept }));
                self.work.push_front(Work::Session(SessionInput::Suspended { slept }));
            }
            self.sample();
            self.work.push_back(Work::Session(SessionInput::Tick));
            self.work.push_back(Work::Member(MemberInput::Tick));
            while let Some(work) = self.work.pop_front() {
                self.step(work);
                if let Some(exit) = self.exit {
                    return self.leave(exit);
                }
            }
            match queue.recv_timeout(self.wait_limit()) {
                Ok(input) => self.take(input),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// How long the loop may wait for an input before it must look at the clock.
    fn wait_limit(&self) -> Duration {
        let now = self.now();
        let deadlines = [self.member.deadline(), self.session.as_ref().and_then(Session::deadline)];
        let next = deadlines
            .into_iter()
            .flatten()
            .min()
            .map_or(SAMPLE_INTERVAL, |at| at.saturating_sub(now));
        next.clamp(Duration::from_millis(1), SAMPLE_INTERVAL)
    }

    /// Measures the use of resources, when it is time to.
    fn sample(&mut self) {
        if self.sampled.elapsed() < SAMPLE_INTERVAL {
            return;
        }
        self.sampled = Instant::now();
        self.log.tick();
        self.remember();
        // In a pod this process inherits the orphans of processes that came in from outside, by
        // `exec`.
        sys::reap(|_, _| {});
        if self.running.is_some() {
            let (usage, pids) = self.meter.sample();
            self.runner.note_shared_memory(&pids);
            if self.telling.is_due(&usage, self.sampled) {
                self.log.own(EventKind::Usage { usage });
            }
            if let Some(message) = self.meter.overrun() {
                self.log.own(EventKind::Warning { message });
            }
            self.work.push_back(Work::Member(MemberInput::Usage(usage)));
        }
    }

    /// Keeps what the gang remembers. A decision that is not final may yet be another.
    fn remember(&mut self) {
        let (Some(session), Some(keeper)) = (&self.session, &mut self.keeper) else { return };
        if let Some(message) = keeper.keep(Carry { verdict: None, ..session.memory() }) {
            self.log.own(EventKind::Warning { message });
            self.keeper = None;
        }
    }

    /// Says that the primary's name has no address, once. A new pod's name is known after a moment.
    fn note_nameless(&mut self, reason: String) {
        let Nameless { since, is_said, .. } = self.nameless.take().unwrap_or_default();
        let is_long = since.elapsed() >= NAME_PATIENCE;
        if is_long && !is_said {
            let seconds = since.elapsed().as_secs();
            let message = format!("the primary can't be reached: for {seconds} s now {reason}");
            self.log.own(EventKind::Warning { message });
        }
        self.nameless = Some(Nameless { since, reason, is_said: is_said || is_long });
    }

    /// Says what is wrong with the primary's address, once. A primary that ends just then is said
    /// by its end: only what comes twice is worth a word.
    fn note_stranger(&mut self, reason: String) {
        let (is_again, is_said) = match &self.stranger {
            Some((before, is_said)) if *before == reason => (true, *is_said),
            _ => (false, false),
        };
        if is_again && !is_said {
            self.log.own(EventKind::Warning { message: reason.clone() });
        }
        self.stranger = Some((reason, is_again));
    }

    /// What decides over other runs gets the same signal where its machine is shut down, and then nobody
    /// has wished that they end: a file beside its working folder tells the two apart.
    fn mark_cancelled(&self) {
        if self.config.controller
            && let Err(error) = fs_err::write(self.config.work_dir.join(CANCELLED), b"")
        {
            self.log.own(EventKind::Warning { message: format!("cancelling: {error}") });
        }
    }

    /// Turns what a thread says into an input of a machine.
    pub(super) fn take(&mut self, input: Input) {
        let work = match input {
            Input::MemberLinkUp { number, link } => {
                self.members.insert(number, link);
                return;
            }
            Input::FromMember { number, message } => {
                Work::Session(SessionInput::Message { link: LinkId(number), message })
            }
            Input::MemberLinkLost { number } => {
                self.members.remove(&number);
                Work::Session(SessionInput::LinkLost { link: LinkId(number) })
            }
            Input::AgentGone { replica } => Work::Session(SessionInput::NeverCame { replica }),
            Input::PrimaryGone => Work::Member(MemberInput::PrimaryGone),
            Input::Cancel { by } => {
                self.mark_cancelled();
                Work::Session(SessionInput::Cancel { by })
            }
            Input::PrimaryLinkUp { dial, link } if dial == self.dial => {
                self.primary = Some(link);
                self.stranger = None;
                self.nameless = None;
                Work::Member(MemberInput::LinkUp)
            }
            Input::FromPrimary { dial, message } if dial == self.dial => {
                Work::Member(MemberInput::Message(message))
            }
            Input::PrimaryLinkLost { dial, refused, unmet } if dial == self.dial => {
                self.primary = None;
                match unmet {
                    Some(Unmet::Nameless(reason)) => self.note_nameless(reason),
                    Some(Unmet::Stranger(reason)) => self.note_stranger(reason),
                    None => self.nameless = None,
                }
                Work::Member(MemberInput::LinkLost { refused })
            }
            // These are about a connection that has been given up.
            Input::PrimaryLinkUp { .. }
            | Input::FromPrimary { .. }
            | Input::PrimaryLinkLost { .. } => return,
            Input::SetupEnded(result) => {
                self.runner.setup_ended(result);
                return;
            }
            Input::CommandStarted { attempt, pid } => {
                self.running = Some(attempt);
                self.log.own(EventKind::CommandStarted { pid: pid.unsigned_abs() });
                Work::Member(MemberInput::CommandStarted { attempt })
            }
            Input::CommandEnded { attempt, ended } => {
                self.running = None;
                let memory = MemoryEvidence {
                    kills: self.meter.was_killed(),
                    near_limit: self.meter.near_limit(),
                    accelerators: self.meter.seen_on_accelerators(),
                };
                let exit = self.log.told(classify(&ended, self.log.end(), &memory));
                Work::Member(MemberInput::CommandExited { attempt, exit })
            }
            Input::CleanedUp { attempt, clean } => {
                Work::Member(MemberInput::CleanedUp { attempt, clean })
            }
            Input::Terminated => Work::Member(MemberInput::Sigterm),
        };
        self.work.push_back(work);
    }
}
