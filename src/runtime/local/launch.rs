//! Starts the agents of a gang so that they go on without mlctl.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::addresses::LocalPorts;
use super::check::output_dir;
use super::claimed;
use super::config::LocalConfig;
use super::data;
use super::hand_out::{hand_out, lock};
use super::leases::Leases;
use super::process;
use super::process::ProcessMark;
use super::queue::Queue;
use super::secrets::referred_secrets;
use crate::agent::stream::EventFile;
use crate::agent::{AgentConfig, AgentRuntime, Code, LogFiles, PastFiles, Places};
use crate::event::EventKind;
use crate::gang::{ReplicaId, RunId};
use crate::plan::rendezvous::{OUTPUT_PARTS, OutputDirs, environment, hidden};
use crate::plan::{Known, Plan, Withheld, declared};
use crate::runtime::log_files::tell;
use crate::runtime::{Notice, RuntimeError, SecretValues, SubmitOptions};
use crate::storage::Place;
use crate::store::{ProcessName, RunPaths};
use crate::sys::{self, random_word};

/// An agent says that it is up within this time; a machine under heavy load is slow.
const UP_LIMIT: Duration = Duration::from_mins(1);

/// What the next mlctl must know of a local gang.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Launched {
    /// Where the primary's agent listens.
    pub(crate) address: String,
    /// The word that marks the agents' own lines.
    pub(crate) nonce: String,
    /// All replicas in rank order.
    pub(crate) replicas: Vec<ReplicaId>,
    /// Where the primary's model goes.
    pub(crate) model: String,
    /// The replicas are tasks: each one's agent leads itself, at a socket of its own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) tasks: bool,
}

impl Launched {
    /// The replicas whose agents decide, each with the address of its agent.
    pub(crate) fn leaders(&self, run: &RunPaths) -> Vec<(ReplicaId, String)> {
        if self.tasks {
            let own = |task: &ReplicaId| (task.clone(), text(&run.task_socket(task)));
            return self.replicas.iter().map(own).collect();
        }
        let primary = self.replicas.first().cloned();
        primary.map(|primary| (primary, self.address.clone())).into_iter().collect()
    }
}

/// A path as it stands in a document.
fn text(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What was recorded before the first agent was started.
pub(crate) fn launched(run: &RunPaths) -> Option<Launched> {
    serde_json::from_slice(&sys::read_own(&run.launch()).ok()?).ok()
}

/// Gives back the ports and GPUs that a run has leased, its place among those that wait, and the room that
/// its events have not taken.
pub(crate) fn release(run: &RunPaths) {
    for replica in launched(run).into_iter().flat_map(|launched| launched.replicas) {
        // What is not given back here goes with the run's folder.
        let _ = EventFile::release(&run.own_events(&replica));
    }
    Leases::ports(run.state()).release(&run.run);
    let gpus = Leases::gpus(run.state());
    // A run that waits may be taking what this one held just now.
    if gpus.all().iter().any(|(_, holder)| *holder == run.run)
        && let Ok(_lock) = lock(&gpus)
    {
        gpus.release(&run.run);
    }
    Queue::gpus(run.state()).leave(&run.run);
}

/// Starts everything; when it returns all agents are up and belong to nobody's terminal.
pub(crate) fn launch(
    config: &LocalConfig,
    plan: &Plan,
    run: &RunPaths,
    secrets: &SecretValues,
    options: &SubmitOptions,
) -> Result<Vec<Notice>, RuntimeError> {
    for dir in [run.agents(), run.logs(), run.works()] {
        fs_err::create_dir_all(dir)?;
    }
    let me = i32::try_from(std::process::id()).unwrap_or_default();
    // One that waits comes here again and again, and must not be missing in between.
    if let Some(mark) = ProcessMark::of(me).filter(|_| !process::is_submitting(run)) {
        process::record(run, ProcessName::Submitter, mark)?;
    }
    let alive = |other: &RunId| process::anything_lives(&RunPaths::new(run.state(), other));
    if let Some(by) = withdrawn(run) {
        return Err(RuntimeError::Withdrawn(by));
    }
    // Before anything else is taken: a run that waits does this again and again.
    let mut gpus = hand_out(config, plan, run, options, &alive)?;
    let wanted = LocalPorts::wanted(plan);
    let ports = Leases::ports(&config.state).take_ports(wanted.len(), &run.run, &alive)?;
    let ports = LocalPorts::new(wanted, ports);
    let links = data::links(plan, &config.claims).map_err(RuntimeError::Refused)?;
    let base = output_dir(plan, &config.claims).map_err(|why| RuntimeError::Refused(vec![why]))?;
    let base = base.unwrap_or_else(|| run.output().to_string_lossy().into_owned());
    write_private(&run.token(), random_word(32)?.as_bytes())?;
    let nonce = random_word(6)?;
    let primary = plan.gang().primary().clone();
    // In a folder that nobody else may enter: a port would be open to every user of the machine.
    let meeting = text(&run.gang_socket());
    let launched = Launched {
        address: meeting.clone(),
        nonce: nonce.clone(),
        tasks: plan.is_tasks(),
        replicas: plan.gang().replicas().map(|(_, replica)| replica).collect(),
        model: OutputDirs::of_primary(&base).model,
    };
    write_private(&run.launch(), &serde_json::to_vec(&launched).map_err(io::Error::from)?)?;
    if !Place::from(base.as_str()).is_url() {
        claimed::take(Path::new(&base), plan, &config.state)?;
    }
    let mut waiting = Vec::new();
    let masked = plan.masked();
    let replicas = plan.gang().replicas().zip(masked.gang().replicas());
    for ((role, replica), (masked_role, _)) in replicas {
        let outputs = if replica == primary {
            OutputDirs::of_primary(&base)
        } else {
            let own = run.spare_model(&replica);
            OutputDirs::of_other(&base, own.to_string_lossy())
        };
        let mut env = environment(plan, &replica, &ports, &outputs)
            .map_err(|error| RuntimeError::Unsupported(error.to_string()))?;
        let mut secret = secrets.0.get(role.name.as_str()).cloned().unwrap_or_default();
        env.retain(|name, _| !secret.contains_key(name));
        let referred = referred_secrets(config, role)?;
        secret.extend(referred.clone());
        for (name, value) in gpus.env.remove(&replica).unwrap_or_default() {
            if !secret.contains_key(name) {
                env.insert(name.into(), value);
            }
        }
        let listen =
            if plan.is_tasks() { text(&run.task_socket(&replica)) } else { meeting.clone() };
        let agent = AgentConfig {
            schema_version: 1,
            gang: plan.rules_of(&replica),
            pod_uid: format!("{}-{}", replica, random_word(4)?),
            generation: 0,
            primary_address: listen.clone(),
            listen_address: listen,
            // Only pods need to be told their peers' addresses; here all are on the loopback
            // interface.
            peers: Vec::new(),
            token_file: run.token(),
            nonce: nonce.clone(),
            log_files: Some(LogFiles {
                output: run.log(&replica),
                events: run.own_events(&replica),
            }),
            command: masked_role.command.clone(),
            env,
            declared: declared(role, referred.keys().cloned()),
            unset_env: hidden(plan, &replica),
            code: code_of(plan, run).map(Code::Place),
            links: links.clone(),
            work_dir: run.work(&replica),
            setup: masked.gang().setup.clone(),
            cache_dir: config.cache.clone(),
            make_dirs: outputs.paths(),
            own_ports: ports.of(&replica),
            termination_file: run.termination(&replica),
            memory_limit: role.memory.map(|memory| memory.bytes),
            accelerators: role.accelerators.is_some(),
            controller: plan.gang().controller.is_some(),
            serving: plan.gang().serving.is_some(),
            metrics: plan.gang().metrics.clone().filter(|_| replica == primary),
            places: Places::of(
                plan.gang(),
                &replica,
                base.clone().into(),
                // All replicas write to one folder here, so that one of them keeps it.
                if replica == primary { &OUTPUT_PARTS } else { &[] },
            ),
            past: PastFiles::default(),
            runtime: AgentRuntime::Processes,
            known: Known::default(),
            replica: replica.clone(),
        };
        let mut withheld = Withheld::of(plan, role);
        withheld.known.add(referred.into_values());
        start(config, run, &agent, &secret, &withheld)?;
        waiting.push(replica);
    }
    wait_until_up(run, waiting)?;
    if let Some(by) = withdrawn(run) {
        // It came while the replicas were being started: the caller ends them.
        return Err(RuntimeError::Withdrawn(by));
    }
    // From here on the agents alone say whether the run lives.
    fs_err::remove_file(run.process(ProcessName::Submitter))?;
    Ok(gpus.notices)
}

/// Who has cancelled a run that waits; only whoever submits it can end it.
fn withdrawn(run: &RunPaths) -> Option<String> {
    sys::read_own_text(&run.withdrawn()).ok()
}

/// Cancels a run that waits for its turn.
pub(crate) fn withdraw(run: &RunPaths, by: &str) -> io::Result<()> {
    write_private(&run.withdrawn(), by.as_bytes())
}

/// The code as it was submitted: the run's own copy, or the one that its study has kept.
fn code_of(plan: &Plan, run: &RunPaths) -> Option<PathBuf> {
    let code = plan.gang().code.as_ref()?;
    Some(if plan.gang().code_rules.fixed { code.as_str().into() } else { run.code() })
}

/// Starts an agent, records it and lets it begin.
fn start(
    config: &LocalConfig,
    run: &RunPaths,
    agent: &AgentConfig,
    secrets: &BTreeMap<String, String>,
    withheld: &Withheld,
) -> Result<(), RuntimeError> {
    let path = run.agent_config(&agent.replica);
    write_private(&path, &serde_json::to_vec_pretty(agent).map_err(io::Error::from)?)?;
    let mut append = OpenOptions::new();
    append.create(true).append(true).mode(0o600);
    let log = sys::open_own(&run.log(&agent.replica), &append)?;
    EventFile::prepare(&run.own_events(&agent.replica), &run.log(&agent.replica))?;
    let mut child = Command::new(&config.exe)
        .arg("agent")
        .arg("--config")
        .arg(&path)
        .env_clear()
        .envs(&config.env)
        .envs(secrets)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stderr(log.try_clone()?)
        .stdout(log)
        .spawn()?;
    let withheld = serde_json::to_vec(withheld).map_err(io::Error::from)?;
    let pid = i32::try_from(child.id()).unwrap_or_default();
    if let Some(mark) = ProcessMark::of(pid)
        && let Err(error) = process::record(run, ProcessName::Replica(&agent.replica), mark)
    {
        // Nobody would find it again, and its command would run though the submission has failed: its
        // guard ends that when it is gone.
        let _ = child.kill();
        let _ = child.wait();
        return Err(error.into());
    }
    // The agent begins when it has read this. If this process is killed before it has recorded the
    // agent, there is nothing to read and the agent ends: the run counts as lost, and whoever starts it
    // again must not find that its command runs already.
    if let Some(mut stdin) = child.stdin.take() {
        // An agent that has died before it reads this is missed when all are waited for.
        let _ = stdin.write_all(&withheld);
    }
    Ok(())
}

/// Waits until every agent says that it is up. Only then has it left this session, so that closing
/// the terminal does not end it.
fn wait_until_up(run: &RunPaths, mut waiting: Vec<ReplicaId>) -> io::Result<()> {
    let begin = Instant::now();
    while !waiting.is_empty() {
        waiting.retain(|replica| !is_up(run, replica));
        if let Some(replica) = waiting.iter().find(|replica| !process::agent_lives(run, replica))
            && !is_up(run, replica)
        {
            let log = sys::read_own_text(&run.log(replica)).unwrap_or_default();
            let last = log.lines().last().unwrap_or("it said nothing").to_owned();
            return Err(io::Error::other(format!(
                "the agent of {replica} could not start: {last}"
            )));
        }
        if begin.elapsed() > UP_LIMIT {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the agents did not come up"));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn is_up(run: &RunPaths, replica: &ReplicaId) -> bool {
    // It needs no nonce: an agent that is started now has a file for its events.
    tell(run, "", replica, &mut 0).is_ok_and(|events| {
        events.iter().any(|event| matches!(event.kind, EventKind::AgentStarted { .. }))
    })
}

fn write_private(path: &std::path::Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let mut file = sys::open_own(path, &options)?;
    file.set_len(0)?;
    file.write_all(bytes)
}
