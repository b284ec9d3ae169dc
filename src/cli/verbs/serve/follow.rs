//! Waiting for an endpoint: until it answers, and the change that is under way is over.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::certificate::host_of;
use super::target::EndpointTarget;
use crate::cli::{CliError, Context, ErrorKind, Interrupts, exit};
use crate::event::RunState;
use crate::gang::{RunId, Verdict};
use crate::ui::entry_line;
use crate::work::serve::rollout::{EndpointState, Entry, RevisionId};
use crate::work::serve::{EndpointJournal, LiveDocument};

/// Between two looks at what keeps it from beginning.
const LOOK_PACE: Duration = Duration::from_secs(1);
/// Between two looks.
const PACE: Duration = Duration::from_millis(50);

/// An endpoint that is waited for.
pub(super) struct Followed<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Its id.
    pub(super) id: &'a RunId,
    /// No longer than this.
    pub(super) timeout: Option<Duration>,
}

/// Waits, and says how it went: an exit code, and the address once there is one.
pub(super) fn follow(
    context: &Context,
    followed: &Followed<'_>,
) -> Result<(u8, Option<String>), CliError> {
    let Followed { name, id, timeout } = *followed;
    let interrupts = Interrupts::listen()?;
    let mut target = context.endpoint(Some(id))?;
    let mut journal = EndpointJournal::default();
    let mut state = EndpointState::default();
    let lines = journal.read(&*target.notes, &target.paths)?;
    for line in &lines {
        state.fold(line);
    }
    // The last line is what was asked for just now.
    let known = state.last.as_ref().map_or(0, |last| last.change);
    let start = Instant::now();
    let mut failures = BTreeMap::new();
    let (mut looked, mut said_waiting): (Option<Instant>, Option<String>) = (None, None);
    let mut absence = Absence::default();
    loop {
        match look(context, &mut target, &mut journal, &mut state) {
            Ok(()) => absence.is_over(context),
            Err(error) => {
                absence.takes(context, error)?;
                if timeout.is_some_and(|limit| start.elapsed() >= limit) {
                    return Err(too_late(name));
                }
                if interrupts.count() > 0 {
                    context.printer.say(format!("{name} goes on. Look: mlctl status {name}"));
                    return Ok((exit::DETACHED, None));
                }
                std::thread::sleep(LOOK_PACE);
                continue;
            }
        }
        if looked.is_none_or(|at| at.elapsed() >= LOOK_PACE) {
            looked = Some(Instant::now());
            let view = target.run.view()?;
            let waits = view.waiting.filter(|_| view.state == RunState::Pending);
            let waits = waits.map(|waits| format!("nothing routes yet: {waits}"));
            if waits.is_some() && waits != said_waiting {
                said_waiting = waits.inspect(|waits| context.printer.warn(waits.clone()));
            }
        }
        let url = target.live.as_ref().map(|live| live.url.clone());
        say_failures(context, name, target.live.as_ref(), &mut failures);
        if !target.is_alive() {
            let record = &target.run.record;
            let reason = record.verdict.as_ref().map(last_words);
            let message =
                format!("{name} has ended: {}", reason.unwrap_or_else(|| record.state.to_string()));
            return Err(CliError::new(ErrorKind::Failed, message)
                .hint(format!("see what it said: mlctl logs {}", record.id)));
        }
        let serves = target.live.as_ref().is_some_and(|live| live.serving);
        let asleep = is_asleep(&state);
        if state.change.is_none() && (serves || asleep) && is_applied(target.live.as_ref(), &state)
        {
            let failed = state.last.as_ref().filter(|last| last.change > known && !last.succeeded);
            if let Some(last) = failed {
                let message = format!("the change was given up: {}", last.reason);
                return Err(CliError::new(ErrorKind::Failed, message)
                    .hint(format!("what serves is what served before: mlctl status {name}")));
            }
            if let Some(url) = &url {
                say_serving(context, &target, url, &state);
            }
            return Ok((exit::OK, url));
        }
        let is_new = state.weights.is_empty() && state.change.is_none();
        if let Some(last) = state.last.as_ref().filter(|last| is_new && !last.succeeded) {
            let message = format!("{name} can't serve: {}", last.reason);
            return Err(CliError::new(ErrorKind::Failed, message)
                .hint(format!("mend it and serve again; what its servers said: mlctl logs {name}"))
                .hint(format!("to end it: mlctl undeploy {name}")));
        }
        if let Some(pause) = state.change.as_ref().and_then(|change| change.paused.as_ref()) {
            let message = format!("the rollout waits for a person: {}", pause.reason);
            return Err(CliError::new(ErrorKind::Failed, message)
                .hint(format!("look: mlctl rollout status {name}"))
                .hint(format!("then: mlctl rollout resume|promote|abort {name}")));
        }
        if timeout.is_some_and(|limit| start.elapsed() >= limit) {
            return Err(too_late(name));
        }
        if interrupts.count() > 0 {
            let end = if state.change.is_some() && !state.weights.is_empty() {
                format!("give the change up: mlctl rollout abort {name}")
            } else {
                format!("end it: mlctl undeploy {name}")
            };
            context.printer.say(format!("{name} goes on. Look: mlctl status {name}; {end}"));
            return Ok((exit::DETACHED, url));
        }
        std::thread::sleep(PACE);
    }
}

fn too_late(name: &str) -> CliError {
    let message = format!("{name} is not there yet; it goes on");
    CliError::new(ErrorKind::TimedOut, message).hint(format!("look: mlctl status {name}"))
}

/// Takes in what was written about an endpoint, telling it, and how it is now.
pub(super) fn look(
    context: &Context,
    target: &mut EndpointTarget,
    journal: &mut EndpointJournal,
    state: &mut EndpointState,
) -> Result<(), CliError> {
    for line in journal.read(&*target.notes, &target.paths)? {
        state.fold(&line);
        let text = entry_line(&line).filter(|_| !matches!(line.entry, Entry::Applied { .. }));
        if let Some(text) = text {
            context.printer.say(text);
        }
    }
    target.run.record = context.refresh(&target.run.store, &target.run.paths.run)?;
    target.refresh()
}

/// A cluster that doesn't answer while somebody waits: its endpoint goes on, and so does waiting.
#[derive(Debug, Default)]
pub(super) struct Absence(bool);

impl Absence {
    /// Says once that the cluster is away. Any other error ends waiting.
    pub(super) fn takes(&mut self, context: &Context, error: CliError) -> Result<(), CliError> {
        if error.kind != ErrorKind::Unreachable {
            return Err(error);
        }
        if !std::mem::replace(&mut self.0, true) {
            context.printer.say(format!("{}; waiting goes on once it answers", error.message));
        }
        Ok(())
    }

    /// It answers, which is said where it did not before.
    pub(super) fn is_over(&mut self, context: &Context) {
        if std::mem::take(&mut self.0) {
            context.printer.say("it answers again, and waiting goes on");
        }
    }
}

/// Whether callers meet the spec that was applied last: its tokens, limits and certificate come to a router a
/// moment after they were written down. It is the same line of the journal by its time, and no later one would
/// do: the clocks of those who apply may differ.
pub(super) fn is_applied(live: Option<&LiveDocument>, state: &EndpointState) -> bool {
    live.is_some_and(|live| live.applied.is_none() || live.applied == state.applied)
}

/// Says once of each failure of a replica why it was: the next one is tried after a pause, and whoever waits
/// may know better than to wait for it.
pub(super) fn say_failures(
    context: &Context,
    name: &str,
    live: Option<&LiveDocument>,
    said: &mut BTreeMap<RevisionId, u32>,
) {
    for one in live.into_iter().flat_map(|live| &live.revisions) {
        let before = said.insert(one.revision.clone(), one.failures).unwrap_or_default();
        if let Some(failure) = one.failure.as_ref().filter(|_| one.failures > before) {
            let id = &one.revision;
            context.printer.warn(format!("a replica of {id} has ended: {failure}"));
            context.printer.hint(format!("what it printed: mlctl logs {name}/{id}"));
        }
    }
}

/// Why a controller has ended, as it has said itself.
pub(super) fn last_words(verdict: &Verdict) -> String {
    let exit = verdict.first_failure.as_ref().and_then(|failure| failure.exit.as_ref());
    let said =
        exit.and_then(|exit| exit.last_lines.iter().find(|line| line.starts_with("error: ")));
    said.map_or_else(|| verdict.reason.clone(), |line| line["error: ".len()..].to_owned())
}

/// It has weights, and all that have any are scaled to none until somebody asks.
fn is_asleep(state: &EndpointState) -> bool {
    !state.weights.is_empty()
        && state.weights.iter().all(|(id, _)| {
            let of_none = |one: &crate::work::serve::rollout::RevisionState| one.replicas == 0;
            state.revisions.get(id).is_some_and(of_none)
        })
}

/// Says where it answers, with a line to try it.
fn say_serving(context: &Context, target: &EndpointTarget, url: &str, state: &EndpointState) {
    let name = &target.document.name;
    context.printer.say(format!("{name} serves at {url}: {}", state.weights));
    context.printer.say(format!("try it: mlctl predict {name} --json '{{\"instances\": [...]}}'"));
    let path = format!("v1/projects/-/locations/-/endpoints/{name}:predict");
    let chain = target.live.as_ref().and_then(|live| live.certificate.as_ref());
    let options = match chain {
        None => String::new(),
        Some(chain) if host_of(chain).is_some() => {
            format!("--cacert {} ", target.paths.certificate().display())
        }
        // Its name is none of this machine's own.
        Some(_) => "--insecure ".to_owned(),
    };
    context
        .printer
        .say(format!("    or: curl {options}{url}/{path} --json '{{\"instances\": [...]}}'"));
}
