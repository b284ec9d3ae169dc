//! The start of an agent: its threads, its machines, and its set-up before it joins the gang.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::config::{AgentConfig, AgentRuntime};
use super::connect::Listener;
use super::devices::Devices;
use super::guard::kin;
use super::input::Input;
use super::links;
use super::log::Log;
use super::past::{Keeper, recall};
use super::presence;
use super::runner::Runner;
use super::serve::{Agent, Work};
use super::stream::EventFile;
use super::termination;
use super::usage::{Meter, Telling};
use crate::event::EventKind;
use crate::gang::{
    AgentExit, Attempt, Incarnation, MemberInput, MemberMachine, Outcome, Session,
    TerminationMessage, TerminationState, Verdict,
};
use crate::sys;

/// What an agent needs from its surroundings.
pub struct Surroundings {
    /// The path of this program, which is started again as the guard of each command.
    pub exe: PathBuf,
    /// The environment that the agent has inherited. It may hold secrets of the command.
    pub environment: Vec<(String, String)>,
    /// Where the replica's log is written.
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
    let files = config.log_files.as_ref();
    let beside = files.map(|files| EventFile::open(&files.events, &files.output)).transpose()?;
    let mut known = config.known.clone();
    known.add_variables(environment.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let (run, replica) = (&config.gang.run, &config.replica);
    let log = Arc::new(Log::new(out, beside, &config.nonce, run, replica, known));
    let config = Arc::new(config);
    let primary = config.gang.primary() == Some(&config.replica);
    let past = recall(&config.past, &config.gang.run, &token);
    if let Some(verdict) = &past.known.verdict {
        return Ok(already_ended(&config, &log, past.known.epoch, verdict).code());
    }
    if primary {
        let listener = Listener::bind(&config.listen_address)?;
        links::listen(listener, Arc::clone(&token), &config.gang.run, inputs.clone())?;
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
    let mut session = primary.then(|| Session::new(config.gang.clone(), me.clone(), now));
    let inherited = session.as_mut().map(|session| session.inherit(&past)).unwrap_or_default();
    let kept = config.past.kept.clone().filter(|_| primary);
    let keeper = kept.map(|path| Keeper::new(&config.gang.run, path, Arc::clone(&token)));
    let mut agent = Agent {
        member: MemberMachine::new(config.gang.clone(), config.replica.clone(), me, now),
        session,
        keeper,
        committed: None,
        meter: Meter::new(config.memory_limit, devices(&config), kin(config.controller)),
        telling: Telling::new(config.serving),
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
        stranger: None,
        nameless: None,
        dial: 0,
        next_link: 1 << 32,
        own_link: None,
        running: None,
        attempt: 0,
        decided: false,
        sampled: Instant::now(),
        exit: None,
    };
    for output in inherited {
        agent.carry_out_session(output);
    }
    for input in early {
        agent.take(input);
    }
    agent.work.push_back(Work::Member(MemberInput::Tick));
    Ok(agent.serve(&queue).code())
}

/// The run had ended before this agent was born, as when something else in its pod has outlived the
/// verdict and was evicted: nothing of it is started again.
fn already_ended(
    config: &AgentConfig,
    log: &Log,
    epoch: (u32, Attempt),
    verdict: &Verdict,
) -> AgentExit {
    let reason = format!("the run had ended before this pod began: {}", verdict.reason);
    log.own(EventKind::Warning { message: reason.clone() });
    let message = TerminationMessage {
        run: config.gang.run.clone(),
        replica: config.replica.clone(),
        pod_uid: config.pod_uid.clone(),
        generation: config.generation,
        epoch,
        state: TerminationState::Exiting,
        terminated_from_outside: false,
        verdict: Some(verdict.clone()),
        first_failure: verdict.first_failure.clone(),
        exit: None,
        reason,
    };
    if let Err(error) = termination::write(config, &message) {
        log.own(EventKind::Warning { message: format!("the termination message: {error}") });
    }
    log.end();
    match verdict.outcome {
        Outcome::Succeeded => AgentExit::Success,
        _ => AgentExit::FinalJob,
    }
}

/// Turns signals that end the process into inputs of the main loop.
fn listen_to_signals(inputs: Sender<Input>) -> io::Result<()> {
    // A terminal that is closed must not end a run, so that SIGHUP is taken and ignored.
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

/// Runs set-up before the replica joins the gang, so that the time which it takes counts for no
/// timeout. Inputs that come meanwhile are returned; those that end the run end set-up at once.
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
    // The machines must learn how set-up ended before they get the other inputs.
    kept.rotate_right(1);
    kept
}

/// The accelerators of the replica, as far as its command may see them.
fn devices(config: &AgentConfig) -> Devices {
    match config.env.get("CUDA_VISIBLE_DEVICES").map(String::as_str) {
        _ if !config.accelerators => Devices::none(),
        // The command is shown no accelerator and runs on the CPU.
        Some("") => Devices::none(),
        Some(ids) => Devices::of(ids),
        None => Devices::of_pod(),
    }
}
