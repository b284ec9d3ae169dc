//! Runs a replica's set-up and commands in threads beside the main loop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::config::{AgentConfig, Code};
use super::connect::socket_file;
use super::input::{Input, SetupDone, SetupError};
use super::log::Log;
use super::names;
use super::process::{Control, Ended, Program, Sink, run};
use super::setup::{Steps, with_python};
use super::work;
use crate::event::EventKind;
use crate::gang::Attempt;
use crate::plan::OWN_PROGRAM;
use crate::sys;

/// A port of the command is free within this time after its end, or the clean-up has failed.
const PORT_RELEASE_LIMIT: Duration = Duration::from_secs(10);

/// How the names of variables begin that mean something to mlctl's own processes only.
const PRIVATE_PREFIX: &str = "MLCTL_AGENT_";

/// Starts threads for set-up, commands and clean-up, and remembers what they need.
pub(super) struct Runner {
    exe: PathBuf,
    config: Arc<AgentConfig>,
    /// What the agent inherited, less what commands must not see.
    inherited: Vec<(String, String)>,
    log: Arc<Log>,
    inputs: Sender<Input>,
    /// How set-up ended; `None` before that.
    setup: Option<Result<SetupDone, SetupError>>,
    setup_control: Control,
    /// The last attempt that was started, and the control of its command.
    current: Option<(Attempt, Control)>,
    /// The files in /dev/shm that the command has been seen to use.
    shared_memory: Arc<std::sync::Mutex<Vec<PathBuf>>>,
}

impl Runner {
    pub(super) fn new(
        exe: PathBuf,
        config: Arc<AgentConfig>,
        environment: Vec<(String, String)>,
        log: Arc<Log>,
        inputs: Sender<Input>,
    ) -> Self {
        let hidden = |name: &str| {
            name.starts_with(PRIVATE_PREFIX) || config.unset_env.iter().any(|unset| unset == name)
        };
        let inherited = environment.into_iter().filter(|(name, _)| !hidden(name)).collect();
        Self {
            exe,
            config,
            inherited,
            log,
            inputs,
            setup: None,
            setup_control: Control::default(),
            current: None,
            shared_memory: Arc::default(),
        }
    }

    /// Starts set-up, if the job has one. Answers [`Input::SetupEnded`].
    pub(super) fn start_setup(&self) {
        let config = Arc::clone(&self.config);
        let (exe, log, inputs) = (self.exe.clone(), Arc::clone(&self.log), self.inputs.clone());
        let env = self.environment(0);
        let control = self.setup_control.clone();
        std::thread::spawn(move || {
            let result = prepare_and_set_up(&exe, &config, &env, &log, &control);
            // The main loop is gone only when the process ends.
            let _ = inputs.send(Input::SetupEnded(result));
        });
    }

    /// Ends set-up early.
    pub(super) fn end_setup(&self) {
        self.setup_control.kill();
    }

    /// Remembers how set-up ended, for the commands after it.
    pub(super) fn setup_ended(&mut self, result: Result<SetupDone, SetupError>) {
        self.setup = Some(result);
    }

    /// Makes the working folder and runs the command. Answers [`Input::CommandStarted`], unless it
    /// can't be started, and then [`Input::CommandEnded`].
    pub(super) fn start(&mut self, attempt: Attempt) {
        let control = Control::default();
        self.current = Some((attempt, control.clone()));
        let setup = self.setup.clone().unwrap_or_else(|| Ok(SetupDone::default()));
        let config = Arc::clone(&self.config);
        let (exe, log, inputs) = (self.exe.clone(), Arc::clone(&self.log), self.inputs.clone());
        let env = self.environment(attempt);
        std::thread::spawn(move || {
            let ended = match setup {
                Err(SetupError(reason)) => not_started(reason),
                Ok(done) => {
                    let program = Program {
                        argv: argv(&config.command, &exe),
                        env: with_python(&env, done.python.as_ref()),
                        cwd: PathBuf::new(),
                    };
                    command(&exe, &config, attempt, program, &log, &control, &inputs)
                }
            };
            let _ = inputs.send(Input::CommandEnded { attempt, ended });
        });
    }

    /// Sends SIGTERM to the command of an attempt, if it is the current one.
    pub(super) fn signal(&self, attempt: Attempt) {
        if let Some((_, control)) = self.current.as_ref().filter(|(current, _)| *current == attempt)
        {
            control.terminate();
        }
    }

    /// Kills the command of an attempt, if it is the current one.
    pub(super) fn kill(&self, attempt: Attempt) {
        if let Some((_, control)) = self.current.as_ref().filter(|(current, _)| *current == attempt)
        {
            control.kill();
        }
    }

    /// Kills set-up and command at once; `false` when something of them lives on.
    pub(super) fn kill_all(&self) -> bool {
        self.end_setup();
        if let Some((_, control)) = &self.current {
            control.kill();
        }
        let gone = sys::kill_descendants(self.config.gang.kill_bound);
        sys::reap(|_, _| {});
        gone
    }

    /// Remembers which shared memory the command's processes use, so that it can be emptied: after
    /// their end nobody can tell whose a file in /dev/shm was.
    pub(super) fn note_shared_memory(&self, pids: &[i32]) {
        let mut known =
            self.shared_memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for path in pids.iter().flat_map(|pid| sys::shared_memory_of(*pid)) {
            if !known.contains(&path) {
                known.push(path);
            }
        }
    }

    /// Makes sure that nothing of the attempt is left. Answers [`Input::CleanedUp`].
    pub(super) fn clean_up(&self, attempt: Attempt) {
        let config = Arc::clone(&self.config);
        let inputs = self.inputs.clone();
        let shared = Arc::clone(&self.shared_memory);
        std::thread::spawn(move || {
            let gone = sys::kill_descendants(config.gang.kill_bound);
            sys::reap(|_, _| {});
            for path in shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner).drain(..) {
                // The command may have removed it itself.
                let _ = fs_err::remove_file(path);
            }
            let free = config
                .own_ports
                .iter()
                .all(|port| becomes_free(with_port(&config.listen_address, *port)));
            let _ = inputs.send(Input::CleanedUp { attempt, clean: gone && free });
        });
    }

    /// The environment of set-up (attempt 0) and of commands.
    fn environment(&self, attempt: Attempt) -> Vec<(String, String)> {
        let mut env = self.inherited.clone();
        let attempt = [("MLCTL_ATTEMPT".to_owned(), attempt.to_string())];
        let own = self.config.env.iter().map(|(name, value)| (name.clone(), value.clone()));
        for (name, value) in own.chain(attempt) {
            env.retain(|(known, _)| *known != name);
            env.push((name, value));
        }
        env
    }
}

/// Makes a working folder and runs set-up in it, if the job has one.
fn prepare_and_set_up(
    exe: &std::path::Path,
    config: &AgentConfig,
    env: &[(String, String)],
    log: &Arc<Log>,
    control: &Control,
) -> Result<SetupDone, SetupError> {
    let Some(setup) = &config.setup else { return Ok(SetupDone::default()) };
    let begin = Instant::now();
    log.own(EventKind::SetupStarted);
    let cwd = work::fresh(&config.work_dir, 0, config.code.as_ref(), &config.links)
        .map_err(|error| SetupError(format!("the working folder: {error}")))?;
    let steps = Steps {
        exe,
        setup,
        runtime: config.runtime,
        env,
        cwd: &cwd,
        cache: &config.cache_dir,
        log,
        control,
    };
    let (done, cached) = steps.run()?;
    log.own(EventKind::SetupFinished { seconds: begin.elapsed().as_secs_f64(), cached });
    Ok(done)
}

/// Runs the command of one attempt to its end, from its working folder on.
fn command(
    exe: &std::path::Path,
    config: &AgentConfig,
    attempt: Attempt,
    mut program: Program,
    log: &Arc<Log>,
    control: &Control,
    inputs: &Sender<Input>,
) -> Ended {
    // A script of set-up may have made files that the command needs: they stay for all attempts.
    let scripted = config.setup.as_ref().is_some_and(|setup| setup.shell.is_some());
    let folder = match &config.code {
        _ if !scripted => {
            work::fresh(&config.work_dir, attempt, config.code.as_ref(), &config.links)
        }
        Some(Code::Image(dir)) => Ok(dir.clone()),
        _ => Ok(config.work_dir.join("0")),
    };
    match folder {
        Ok(cwd) => program.cwd = cwd,
        Err(error) => return not_started(format!("the working folder: {error}")),
    }
    for dir in &config.make_dirs {
        if let Err(error) = fs_err::create_dir_all(dir) {
            return not_started(format!("an output folder: {error}"));
        }
    }
    let unresolved = names::wait(&config.peers, control);
    if control.is_ended() {
        return not_started("ended before it was started".into());
    }
    if !unresolved.is_empty() {
        let message = format!(
            "the command starts although names of its peers don't resolve in this pod: {}: check \
             the cluster's DNS",
            unresolved.join(", ")
        );
        log.own(EventKind::Warning { message });
    }
    let output = Arc::clone(log);
    let sink: Sink = Arc::new(move |bytes: &[u8]| output.command_output(bytes));
    let started = |pid| {
        let _ = inputs.send(Input::CommandStarted { attempt, pid });
    };
    match run(exe, &program, &sink, control, started) {
        Ok(Ended::NotStarted { errno, reason }) => {
            let name = program.argv.first().map_or("", String::as_str);
            Ended::NotStarted { errno, reason: format!("`{name}` could not be started: {reason}") }
        }
        Ok(ended) => ended,
        Err(error) => not_started(format!("the guard process: {error}")),
    }
}

/// The program and arguments of a command. Work whose worker is mlctl itself runs this very program,
/// also where an upgrade has replaced the file at its path.
fn argv(command: &[String], exe: &std::path::Path) -> Vec<String> {
    let mut argv = command.to_vec();
    if let Some(program) = argv.first_mut().filter(|program| *program == OWN_PROGRAM) {
        *program = exe.to_string_lossy().into_owned();
    }
    argv
}

fn not_started(reason: String) -> Ended {
    Ended::NotStarted { errno: None, reason }
}

/// The address of another port at the interface that the gang listens on. Where it meets at a
/// socket file, all replicas are on the loopback interface.
fn with_port(address: &str, port: u16) -> String {
    if socket_file(address).is_some() {
        return format!("127.0.0.1:{port}");
    }
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    format!("{host}:{port}")
}

/// Waits until a port can be bound; `false` when it stays busy.
fn becomes_free(address: String) -> bool {
    let begin = Instant::now();
    loop {
        if std::net::TcpListener::bind(&address).is_ok() {
            return true;
        }
        if begin.elapsed() > PORT_RELEASE_LIMIT {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
