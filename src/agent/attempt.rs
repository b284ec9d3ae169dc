//! What is done for one attempt of a replica's command, and once before the first: from data and
//! set-up to the last upload.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::config::{AgentConfig, Code};
use super::input::{Input, SetupDone, SetupError};
use super::log::Log;
use super::names;
use super::places::ReplicaPlaces;
use super::process::{Control, Ended, Program, Sink, run};
use super::setup::Steps;
use super::stream::Collector;
use super::work;
use super::work_link::WorkLink;
use crate::event::EventKind;
use crate::gang::Attempt;

/// One attempt of a command, and what is around it.
pub(super) struct Try<'a> {
    pub(super) attempt: Attempt,
    /// All links of the working folder.
    pub(super) links: Vec<WorkLink>,
    pub(super) control: &'a Control,
    pub(super) places: &'a ReplicaPlaces,
}

/// Fetches data, makes a working folder and runs set-up in it, if the job has any of it.
pub(super) fn prepare_and_set_up(
    exe: &Path,
    config: &AgentConfig,
    env: &[(String, String)],
    log: &Arc<Log>,
    control: &Control,
    places: &ReplicaPlaces,
) -> Result<SetupDone, Ended> {
    // First of all: what follows may take long, and another run may come meanwhile.
    places.claim(control)?;
    let has_archive = matches!(config.code, Some(Code::Archive { .. }));
    if config.setup.is_none() && config.places.data.is_empty() && !has_archive {
        return Ok(SetupDone::default());
    }
    let begin = Instant::now();
    log.own(EventKind::SetupStarted);
    let code = places.fetch_code(control)?;
    let (links, fetched) = places.fetch(control)?;
    let fetched = fetched && code;
    let finished = |cached| {
        log.own(EventKind::SetupFinished { seconds: begin.elapsed().as_secs_f64(), cached });
    };
    let Some(setup) = &config.setup else {
        finished(fetched);
        return Ok(SetupDone { links, ..SetupDone::default() });
    };
    let all = [&config.links[..], &links[..]].concat();
    let cwd = work::fresh(&config.work_dir, 0, config.code.as_ref(), &all)
        .map_err(|error| not_started(format!("the working folder: {error}")))?;
    let steps = Steps {
        exe,
        setup,
        run: &config.gang.run,
        runtime: config.runtime,
        env,
        cwd: &cwd,
        cache: &config.cache_dir,
        log,
        control,
    };
    let (made, cached) = steps.run().map_err(|SetupError(reason)| not_started(reason))?;
    finished(cached && fetched);
    Ok(SetupDone { links, ..made })
}

/// Runs the command of one attempt to its end, from its working folder on.
pub(super) fn command(
    exe: &Path,
    config: &AgentConfig,
    attempt: Try<'_>,
    mut program: Program,
    log: &Arc<Log>,
    inputs: &Sender<Input>,
) -> Ended {
    let Try { attempt, links, control, places } = attempt;
    // A script of set-up may have made files that the command needs: they stay for all attempts.
    let scripted = config.setup.as_ref().is_some_and(|setup| setup.shell.is_some());
    let folder = match &config.code {
        _ if !scripted => work::fresh(&config.work_dir, attempt, config.code.as_ref(), &links),
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
    let watch = match places.begin(control) {
        Ok(watch) => watch,
        Err(ended) => return ended,
    };
    let ended = watched(exe, config, attempt, &program, log, control, inputs);
    places.end(watch, ended, control)
}

/// Runs the command itself.
fn watched(
    exe: &Path,
    config: &AgentConfig,
    attempt: Attempt,
    program: &Program,
    log: &Arc<Log>,
    control: &Control,
    inputs: &Sender<Input>,
) -> Ended {
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
    if let Some(metrics) = &config.metrics {
        log.collect(Collector::new(metrics, &program.cwd, &program.env));
    }
    let output = Arc::clone(log);
    let sink: Sink = Arc::new(move |bytes: &[u8]| output.command_output(bytes));
    let started = |pid| {
        let _ = inputs.send(Input::CommandStarted { attempt, pid });
    };
    match run(exe, program, &sink, control, started) {
        Ok(Ended::NotStarted { errno, reason }) => {
            let name = program.argv.first().map_or("", String::as_str);
            Ended::NotStarted { errno, reason: format!("`{name}` could not be started: {reason}") }
        }
        Ok(ended) => ended,
        Err(error) => not_started(format!("the guard process: {error}")),
    }
}

fn not_started(reason: String) -> Ended {
    Ended::NotStarted { errno: None, reason }
}
