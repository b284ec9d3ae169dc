//! Runs a replica's set-up and commands in threads beside the main loop.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::attempt::{Try, command, prepare_and_set_up};
use super::config::AgentConfig;
use super::connect::socket_file;
use super::guard::kin;
use super::input::{Input, SetupDone};
use super::log::Log;
use super::places::ReplicaPlaces;
use super::process::{Control, Ended, Program};
use super::setup::with_python;
use super::stream::METRIC_FILE;
use crate::gang::Attempt;
use crate::plan::{DECLARED, Declared, Expansion, OWN_PROGRAM};
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
    setup: Option<Result<SetupDone, Ended>>,
    setup_control: Control,
    places: Arc<ReplicaPlaces>,
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
        let inherited: Vec<(String, String)> =
            environment.into_iter().filter(|(name, _)| !hidden(name)).collect();
        let mut env = with_own(&inherited, &config, 0);
        expanded(&config, &mut env, &exe);
        let places = ReplicaPlaces::new(Arc::clone(&config), env, Arc::clone(&log));
        Self {
            exe,
            config,
            inherited,
            log,
            places: Arc::new(places),
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
        let places = Arc::clone(&self.places);
        std::thread::spawn(move || {
            let result = prepare_and_set_up(&exe, &config, &env, &log, &control, &places);
            // The main loop is gone only when the process ends.
            let _ = inputs.send(Input::SetupEnded(result));
        });
    }

    /// Ends set-up early.
    pub(super) fn end_setup(&self) {
        self.setup_control.kill();
    }

    /// Remembers how set-up ended, for the commands after it.
    pub(super) fn setup_ended(&mut self, result: Result<SetupDone, Ended>) {
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
        let mut env = with_own(&self.inherited, &self.config, attempt);
        if !self.config.env.contains_key(METRIC_FILE) {
            env.retain(|(name, _)| name != METRIC_FILE);
            let file = self.reports(attempt).to_string_lossy().into_owned();
            env.push((METRIC_FILE.to_owned(), file));
        }
        let argv = expanded(&config, &mut env, &self.exe);
        let setup_env = self.environment(0);
        let places = Arc::clone(&self.places);
        std::thread::spawn(move || {
            let setup = match setup {
                // The store that could not be reached may be back.
                Err(Ended::Failed { .. }) if attempt > 1 => {
                    let again =
                        prepare_and_set_up(&exe, &config, &setup_env, &log, &control, &places);
                    let _ = inputs.send(Input::SetupEnded(again.clone()));
                    again
                }
                setup => setup,
            };
            let ended = match setup {
                Err(ended) => ended,
                Ok(done) => {
                    let program = Program {
                        argv,
                        env: with_python(&env, done.python.as_ref()),
                        cwd: PathBuf::new(),
                        lets_go: config.controller,
                    };
                    let links = [&config.links[..], &done.links[..]].concat();
                    let attempt = Try { attempt, links, control: &control, places: &places };
                    command(&exe, &config, attempt, program, &log, &inputs)
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
        let gone = sys::kill_descendants(self.config.gang.kill_bound, kin(self.config.controller));
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
        let places = Arc::clone(&self.places);
        std::thread::spawn(move || {
            let begin = Instant::now();
            let gone = sys::kill_descendants(config.gang.kill_bound, kin(config.controller));
            sys::reap(|_, _| {});
            for path in shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner).drain(..) {
                // The command may have removed it itself.
                let _ = fs_err::remove_file(path);
            }
            let free = config
                .own_ports
                .iter()
                .all(|port| becomes_free(with_port(&config.listen_address, *port)));
            // A clean-up that takes longer than the bound counts as failed.
            places.leave((config.gang.kill_bound / 2).saturating_sub(begin.elapsed()));
            let _ = inputs.send(Input::CleanedUp { attempt, clean: gone && free });
        });
    }

    /// Gives back what the run had for itself.
    pub(super) fn give_back(&self) {
        self.places.give_back();
    }

    /// The environment of set-up, which is attempt 0.
    fn environment(&self, attempt: Attempt) -> Vec<(String, String)> {
        let mut env = with_own(&self.inherited, &self.config, attempt);
        expanded(&self.config, &mut env, &self.exe);
        env
    }

    /// The file in which the command of an attempt may report metrics as on Vertex AI: what the spec
    /// says, or one beside the working folder. The shell that mlctl was started from says nothing of it.
    pub(super) fn reports(&self, attempt: Attempt) -> PathBuf {
        let work = &self.config.work_dir;
        match self.config.env.get(METRIC_FILE) {
            Some(own) => work.join(attempt.to_string()).join(own),
            None => work.join(format!("metrics-{attempt}.jsonl")),
        }
    }
}

/// What is inherited, with the replica's own variables over it.
fn with_own(
    inherited: &[(String, String)],
    config: &AgentConfig,
    attempt: Attempt,
) -> Vec<(String, String)> {
    let mut env = inherited.to_vec();
    let attempt = [("MLCTL_ATTEMPT".to_owned(), attempt.to_string())];
    let own = config.env.iter().map(|(name, value)| (name.clone(), value.clone()));
    for (name, value) in own.chain(attempt) {
        env.retain(|(known, _)| *known != name);
        env.push((name, value));
    }
    env
}

/// The program and arguments of a command, with `$(VAR)` replaced there and in the environment. Work
/// whose worker is mlctl itself runs this very program, also where an upgrade has replaced the file at
/// its path; there the worker replaces it in what it starts, for which it has more variables.
fn expanded(
    config: &AgentConfig,
    env: &mut Vec<(String, String)>,
    exe: &std::path::Path,
) -> Vec<String> {
    let own = &config.declared;
    let is_own = |name: &str| own.iter().any(|declared| declared.name == name);
    let set = config.env.keys().map(String::as_str).chain(["MLCTL_ATTEMPT", METRIC_FILE]);
    let mut declared: Vec<Declared> =
        set.filter(|name| !is_own(name)).map(Declared::given).collect();
    declared.extend(own.iter().cloned());
    let mut argv = config.command.clone();
    if let Some(program) = argv.first_mut().filter(|program| *program == OWN_PROGRAM) {
        *program = exe.to_string_lossy().into_owned();
        // What decides over a study starts runs, whose agents know better.
        if !config.controller {
            // A list of names and flags can always be written as JSON.
            let declared = serde_json::to_string(&declared).unwrap_or_default();
            env.push((DECLARED.to_owned(), declared));
        }
        return argv;
    }
    let known = Expansion::of(&declared, env);
    argv.iter().map(|word| known.expand(word)).collect()
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
