//! Waiting for an endpoint: until all that is wanted of it is ready and no traffic moves, or that can't be.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::follow::{Absence, is_applied, last_words, look, say_failures};
use super::target::EndpointTarget;
use crate::cli::{CliError, Context, Format, Interrupts, LOCAL, exit};
use crate::gang::RunId;
use crate::ui::Text;
use crate::work::serve::EndpointJournal;
use crate::work::serve::rollout::EndpointState;

/// Between two looks.
const PACE: Duration = Duration::from_millis(100);
/// The same in a cluster, where each is several requests.
const CLUSTER_PACE: Duration = Duration::from_secs(1);
/// A revision of which so many replicas have failed in a row, and none has lived, won't be ready by itself.
const HOPELESS: u32 = 3;

/// What `wait -o json` prints of an endpoint.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    endpoint: &'a RunId,
    name: &'a str,
    state: Readiness,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    weights: BTreeMap<String, u8>,
}

/// How far an endpoint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
enum Readiness {
    /// All that is wanted is ready.
    Ready,
    /// It was not yet when waiting ended.
    Waiting,
    /// It won't be by itself.
    Failed,
}

/// Waits for the endpoint of a run that is its controller.
pub fn wait_endpoint(
    context: &Context,
    run: &RunId,
    timeout: Option<Duration>,
) -> Result<u8, CliError> {
    let interrupts = Interrupts::listen()?;
    let mut target = context.endpoint(Some(run))?;
    let name = target.document.name.clone();
    let is_local = context.runtime(&target.run.record.runtime)?.name() == LOCAL;
    let pace = if is_local { PACE } else { CLUSTER_PACE };
    let mut journal = EndpointJournal::default();
    let mut state = EndpointState::default();
    for line in &journal.read(&*target.notes, &target.paths)? {
        state.fold(line);
    }
    let (start, mut failures) = (Instant::now(), BTreeMap::new());
    let mut waits = String::new();
    let mut absence = Absence::default();
    let (found, reason) = loop {
        let is_over = timeout.is_some_and(|limit| start.elapsed() >= limit);
        match look(context, &mut target, &mut journal, &mut state) {
            Ok(()) => absence.is_over(context),
            Err(error) => {
                let why = error.message.clone();
                absence.takes(context, error)?;
                if is_over || interrupts.count() > 0 || interrupts.hung_up() {
                    break (Readiness::Waiting, Some(why));
                }
                std::thread::sleep(pace);
                continue;
            }
        }
        say_failures(context, &name, target.live.as_ref(), &mut failures);
        if let Some(reason) = hopeless(&target, &state) {
            break (Readiness::Failed, Some(reason));
        }
        let Some(missing) = missing(&target, &state) else { break (Readiness::Ready, None) };
        if missing != waits {
            context.printer.say(format!("{name} is not ready: {missing}"));
            waits = missing;
        }
        let is_over = timeout.is_some_and(|limit| start.elapsed() >= limit);
        if is_over || interrupts.count() > 0 || interrupts.hung_up() {
            break (Readiness::Waiting, Some(waits));
        }
        std::thread::sleep(pace);
    };
    said(context, &target, &state, found, reason.as_deref())
}

/// Why it won't be ready by itself; `None` where it may be.
fn hopeless(target: &EndpointTarget, state: &EndpointState) -> Option<String> {
    if !target.is_alive() {
        let record = &target.run.record;
        let words = record.verdict.as_ref().map(last_words);
        return Some(format!(
            "it has ended: {}",
            words.unwrap_or_else(|| record.state.to_string())
        ));
    }
    if let Some(change) = &state.change {
        let pause = change.paused.as_ref()?;
        return Some(format!("the change to {} waits for a person: {}", change.to, pause.reason));
    }
    // A change that was given up says nothing any more once the spec wants what serves.
    let wanted = state.wanted().filter(|wanted| !wanted.is_empty());
    let is_meant = wanted.is_none_or(|wanted| wanted == state.weights);
    if let Some(last) = state.last.as_ref().filter(|last| !last.succeeded && !is_meant) {
        return Some(format!("its last change was given up: {}", last.reason));
    }
    let live = target.live.as_ref()?;
    let is_ready = |one: &&crate::work::serve::LiveRevision| {
        one.replicas.iter().any(|replica| replica.state == "ready")
    };
    let failing = live.revisions.iter().filter(|one| one.weight > 0 && one.failures >= HOPELESS);
    let one = failing.into_iter().find(|one| !is_ready(one))?;
    let failure = one.failure.as_deref().unwrap_or("nothing says why");
    Some(format!("{} replicas of {} have failed in a row: {failure}", one.failures, one.revision))
}

/// What is still waited for; `None` where it is ready.
fn missing(target: &EndpointTarget, state: &EndpointState) -> Option<String> {
    if let Some(change) = &state.change {
        return Some(format!("a change to {} is under way", change.to));
    }
    let Some(live) = &target.live else { return Some("it has said nothing yet".to_owned()) };
    if !is_applied(Some(live), state) {
        return Some("the spec that was applied last is on its way".to_owned());
    }
    if state.weights.is_empty() {
        return Some("no revision has weight yet".to_owned());
    }
    for (id, one) in &state.revisions {
        let (weight, bounds) = (state.weights.get(id), state.bounds(id));
        let is_asleep = one.replicas == 0 && bounds.min == 0;
        let is_beside = state.is_current(id) && one.condemned.is_none() && one.replicas > 0;
        if is_asleep || weight == 0 && !is_beside {
            continue;
        }
        let needs = if weight > 0 { bounds.min.max(1) } else { 1 };
        let shown = live.revisions.iter().find(|live| live.revision == *id);
        if shown.is_none_or(|shown| shown.weight != weight) {
            return Some(format!("the weight of {id} is on its way"));
        }
        let replicas = shown.map(|shown| shown.replicas.as_slice()).unwrap_or_default();
        let ready = replicas.iter().filter(|replica| replica.state == "ready").count();
        if ready < needs as usize {
            return Some(format!("{ready} of {needs} replicas of {id} are ready"));
        }
    }
    None
}

/// Says what came of it, and gives the exit code.
fn said(
    context: &Context,
    target: &EndpointTarget,
    state: &EndpointState,
    found: Readiness,
    reason: Option<&str>,
) -> Result<u8, CliError> {
    let (name, url) = (&target.document.name, target.live.as_ref().map(|live| live.url.as_str()));
    let why = reason.unwrap_or_default();
    let exit_code = match found {
        Readiness::Ready => {
            let place = url.map(|url| format!(" at {url}")).unwrap_or_default();
            context.printer.say(format!("{name} is ready{place}: {}", state.weights));
            exit::OK
        }
        Readiness::Waiting => {
            context.printer.outcome(false, format!("{name} is not ready yet: {why}; it goes on"));
            context
                .printer
                .hint(format!("mlctl wait {name}, or look: mlctl status {name} --watch"));
            exit::DETACHED
        }
        Readiness::Failed => {
            context.printer.error(format!("{name} is not ready: {why}"));
            context.printer.hint(format!("look: mlctl why {name}"));
            if state.change.is_some() {
                context.printer.hint(format!("then: mlctl rollout resume|promote|abort {name}"));
            }
            exit::RUN_FAILED
        }
    };
    if context.format != Format::Table {
        let document = Document {
            schema_version: 1,
            endpoint: &target.paths.endpoint,
            name,
            state: found,
            exit_code,
            reason,
            url,
            weights: state.weights.iter().map(|(id, weight)| (id.to_string(), weight)).collect(),
        };
        context.emit(&document, Text::default)?;
    }
    Ok(exit_code)
}
