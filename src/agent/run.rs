//! The agent's process: the machines of the gang, fed by threads, and what they ask for.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::classify::{MemoryEvidence, classify};
use super::config::{AgentConfig, AgentRuntime};
use super::events;
use super::input::Input;
use super::links::{self, Link};
use super::log::Log;
use super::presence;
use super::runner::Runner;
use super::termination;
use super::usage::{INTERVAL, Meter};
use crate::event::EventKind;
use crate::gang::{
    AgentExit, Attempt, GangEvent, Incarnation, LinkId, MemberInput, MemberMachine, MemberOutput,
    Session, SessionInput, SessionOutput, ToMember, ToPrimary,
};
use crate::sys;

/// What an agent needs from its surroundings.
pub struct Surroundings {
    /// This program, for the guard processes.
    pub exe: PathBuf,
    /// The inherited environment; secrets of the command are in it.
    pub environment: Vec<(String, String)>,
    /// The replica's log.
    pub out: Box<dyn Write + Send>,
}

/// Runs the agent of one replica to its end; returns the process exit status.
pub fn run(config: AgentConfig, surroundings: Surroundings) -> io::Result<u8> {
    if config.runtime == AgentRuntime::Processes {
        sys::leave_session();
    }
    sys::become_subreaper()?;
    let token: Arc<[u8]> = fs_err::read(&config.token_file)?.into();
    let Surroundings { exe, environment, out } = surroundings;
    let (inputs, queue) = channel();
    let log = Arc::new(Log::new(out, &config.nonce, &config.gang.run, &config.replica));
    let config = Arc::new(config);
    let primary = config.gang.primary() == Some(&config.replica);
    if primary {
        let listener = TcpListener::bind(&config.listen_address)?;
        links::listen(listener, Arc::clone(&token), config.gang.run.clone(), inputs.clone());
    }
    listen_to_signals(inputs.clone())?;
    if !primary && !config.gang.replaces() {
        presence::show(&config, &token, inputs.clone());
    }
    log.own(EventKind::AgentStarted { pid: std::process::id(), pod_uid: config.pod_uid.clone() });
    let runner =
        Runner::new(exe, Arc::clone(&config), environment, Arc::clone(&log), inputs.clone());
    let start = sys::monotonic();
    let me = Incarnation { pod_uid: config.pod_uid.clone(), generation: config.generation };
    let early = wait_for_setup(&runner, &queue);
    let now = sys::monotonic().saturating_sub(start);
    let mut agent = Agent {
        member: MemberMachine::new(config.gang.clone(), config.replica.clone(), me.clone(), now),
        session: primary.then(|| Session::new(config.gang.clone(), me, now)),
        meter: Meter::new(config.memory_limit),
        config,
        token,
        log,
        runner,
        inputs,
        start,
        sleep: sys::SleepWatch::default(),
        work: VecDeque::new(),
        members: BTreeMap::new(),
        primary: None,
        dial: 0,
        next_link: 1 << 32,
        own_link: None,
        running: None,
        attempt: 0,
        decided: false,
        sampled: Instant::now(),
        exit: None,
    };
    for input in early {
        agent.take(input);
    }
    agent.work.push_back(Work::Member(MemberInput::Tick));
    Ok(agent.serve(&queue).code())
}

fn listen_to_signals(inputs: Sender<Input>) -> io::Result<()> {
    // A closing terminal is nobody's end: SIGHUP is taken and ignored.
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT, SIGHUP])?;
    std::thread::spawn(move || {
        for signal in &mut signals {
            if signal != SIGHUP && inputs.send(Input::Terminated).is_err() {
                break;
            }
        }
    });
    Ok(())
}

/// Set-up comes before the gang: the time that it takes counts for no timeout. What happens
/// meanwhile is kept; a wish to end is heard at once.
fn wait_for_setup(runner: &Runner, queue: &Receiver<Input>) -> Vec<Input> {
    runner.start_setup();
    let mut kept = Vec::new();
    while let Ok(input) = queue.recv() {
        let last = matches!(input, Input::SetupEnded(_));
        if matches!(
            input,
            Input::Cancel { .. } | Input::Terminated | Input::AgentGone { .. } | Input::PrimaryGone
        ) {
            runner.end_setup();
        }
        kept.push(input);
        if last {
            break;
        }
    }
    // The machines must know how set-up ended before anything else.
    kept.rotate_right(1);
    kept
}

enum Work {
    Session(SessionInput),
    Member(MemberInput),
}

struct Agent {
    config: Arc<AgentConfig>,
    token: Arc<[u8]>,
    member: MemberMachine,
    session: Option<Session>,
    meter: Meter,
    log: Arc<Log>,
    runner: Runner,
    inputs: Sender<Input>,
    start: Duration,
    sleep: sys::SleepWatch,
    work: VecDeque<Work>,
    /// At the primary: the links of the other members.
    members: BTreeMap<u64, Link<ToMember>>,
    /// Elsewhere: the link to the primary.
    primary: Option<Link<ToPrimary>>,
    dial: u64,
    /// Numbers of the primary's own in-process links.
    next_link: u64,
    own_link: Option<LinkId>,
    running: Option<Attempt>,
    attempt: Attempt,
    decided: bool,
    sampled: Instant,
    exit: Option<AgentExit>,
}

impl Agent {
    fn now(&self) -> Duration {
        sys::monotonic().saturating_sub(self.start)
    }

    fn serve(mut self, queue: &Receiver<Input>) -> AgentExit {
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
            match queue.recv_timeout(self.patience()) {
                Ok(input) => self.take(input),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
        }
    }

    /// How long nothing needs to be done by itself.
    fn patience(&self) -> Duration {
        let now = self.now();
        let deadlines = [self.member.deadline(), self.session.as_ref().and_then(Session::deadline)];
        let next =
            deadlines.into_iter().flatten().min().map_or(INTERVAL, |at| at.saturating_sub(now));
        next.clamp(Duration::from_millis(1), INTERVAL)
    }

    fn sample(&mut self) {
        if self.sampled.elapsed() < INTERVAL {
            return;
        }
        self.sampled = Instant::now();
        self.log.tick();
        // In a pod, orphans of processes that came in from outside are this one's too.
        sys::reap(|_, _| {});
        if self.running.is_some() {
            let (usage, pids) = self.meter.sample();
            self.runner.note_shared_memory(&pids);
            self.log.own(EventKind::Usage { usage });
            if let Some(message) = self.meter.overrun() {
                self.log.own(EventKind::Warning { message });
            }
            self.work.push_back(Work::Member(MemberInput::Usage(usage)));
        }
    }

    /// Translates what a thread says.
    fn take(&mut self, input: Input) {
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
            Input::Cancel { by } => Work::Session(SessionInput::Cancel { by }),
            Input::PrimaryLinkUp { dial, link } if dial == self.dial => {
                self.primary = Some(link);
                Work::Member(MemberInput::LinkUp)
            }
            Input::FromPrimary { dial, message } if dial == self.dial => {
                Work::Member(MemberInput::Message(message))
            }
            Input::PrimaryLinkLost { dial, refused } if dial == self.dial => {
                self.primary = None;
                Work::Member(MemberInput::LinkLost { refused })
            }
            // Of a connection that has been given up.
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
                };
                let exit = classify(&ended, self.log.end(), memory);
                Work::Member(MemberInput::CommandExited { attempt, exit })
            }
            Input::CleanedUp { attempt, clean } => {
                Work::Member(MemberInput::CleanedUp { attempt, clean })
            }
            Input::Terminated => Work::Member(MemberInput::Sigterm),
        };
        self.work.push_back(work);
    }

    fn step(&mut self, work: Work) {
        let now = self.now();
        match work {
            Work::Session(input) => {
                let outputs = self.session.as_mut().map(|session| session.handle(now, input));
                for output in outputs.into_iter().flatten() {
                    self.obey_session(output);
                }
            }
            Work::Member(input) => {
                for output in self.member.handle(now, input) {
                    self.obey_member(output);
                }
            }
        }
    }

    fn obey_session(&mut self, output: SessionOutput) {
        match output {
            SessionOutput::Send { link, message } => {
                if self.own_link == Some(link) {
                    self.work.push_back(Work::Member(MemberInput::Message(message)));
                } else if let Some(link) = self.members.get(&link.0) {
                    link.send(message);
                }
            }
            SessionOutput::Close { link } => {
                if self.own_link == Some(link) {
                    self.own_link = None;
                    self.work.push_back(Work::Member(MemberInput::LinkLost { refused: false }));
                } else {
                    self.members.remove(&link.0);
                }
            }
            SessionOutput::Event(sequenced) => {
                match sequenced.event {
                    GangEvent::AttemptStarted { attempt } => self.attempt = attempt,
                    GangEvent::Verdict { .. } => self.decided = true,
                    // Who leaves after the verdict does what it was told.
                    GangEvent::ReplicaLost { .. } if self.decided => return,
                    _ => {}
                }
                let (attempt, replica, kind) =
                    events::of_gang(sequenced.event, &self.config.gang, self.attempt);
                self.log.gang(attempt, replica, kind);
            }
            SessionOutput::Commit(verdict) => {
                let now = self.now();
                for output in self.member.handle(now, MemberInput::Committed(verdict)) {
                    self.obey_member(output);
                }
            }
            SessionOutput::Exit(exit) => self.exit = self.exit.or(Some(exit)),
        }
    }

    fn obey_member(&mut self, output: MemberOutput) {
        match output {
            MemberOutput::Send(message) => {
                if let Some(link) = self.own_link {
                    self.work.push_back(Work::Session(SessionInput::Message { link, message }));
                } else if let Some(primary) = &self.primary {
                    primary.send(message);
                }
            }
            MemberOutput::Dial { after } => self.connect(after),
            MemberOutput::StartCommand { attempt } => {
                self.log.begin(attempt);
                self.meter.begin();
                self.log.own(EventKind::CommandStarting);
                self.runner.start(attempt);
            }
            MemberOutput::SignalCommand { attempt } => self.runner.signal(attempt),
            MemberOutput::KillCommand { attempt } => self.runner.kill(attempt),
            MemberOutput::CleanUp { attempt } => self.runner.clean_up(attempt),
            MemberOutput::WriteTermination(message) => {
                if let Err(error) = termination::write(&self.config, &message) {
                    let message = format!("the termination message: {error}");
                    self.log.own(EventKind::Warning { message });
                }
            }
            MemberOutput::Exit(exit) => self.exit = self.exit.or(Some(exit)),
            MemberOutput::Event(event) => {
                if let Some(kind) = events::of_member(&event) {
                    self.log.own(kind);
                }
            }
        }
    }

    fn connect(&mut self, after: Duration) {
        if self.session.is_some() {
            // The primary's own member: a link without a wire. What an older one said is void.
            self.work.retain(|work| !matches!(work, Work::Member(MemberInput::Message(_))));
            if let Some(link) = self.own_link.take() {
                self.work.push_back(Work::Session(SessionInput::LinkLost { link }));
            }
            self.next_link += 1;
            self.own_link = Some(LinkId(self.next_link));
            self.work.push_back(Work::Member(MemberInput::LinkUp));
            return;
        }
        self.primary = None;
        self.dial += 1;
        links::dial(
            self.dial,
            self.config.primary_address.clone(),
            Arc::clone(&self.token),
            self.config.gang.run.clone(),
            after,
            self.inputs.clone(),
        );
    }

    /// Nothing of the command outlives this; what was said to others arrives first.
    fn leave(mut self, exit: AgentExit) -> AgentExit {
        self.runner.kill_all();
        for (_, link) in std::mem::take(&mut self.members) {
            link.flush();
        }
        if let Some(primary) = self.primary.take() {
            primary.flush();
        }
        self.log.end();
        exit
    }
}
