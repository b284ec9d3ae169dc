//! The verbs that change an endpoint by hand: `traffic`, `rollout`, `rollback`, `scale`. Each writes a line
//! into the endpoint's journal, which its controller carries out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::args::{RollbackArgs, RolloutAction, RolloutArgs, ScaleArgs, TrafficArgs};
use super::named::revision_meant;
use super::target::{EndpointReport, EndpointTarget};
use crate::cli::{CliError, Context, ErrorKind, exit};
use crate::gang::RevisionName;
use crate::store::now;
use crate::sys;
use crate::text::nearest;
use crate::ui::{Text, endpoint_lines, entry_line};
use crate::work::serve::append_entries;
use crate::work::serve::rollout::{EndpointState, Entry, RevisionId};

/// A controller that lives has taken a line in within this time.
const TAKEN_LIMIT: Duration = Duration::from_secs(30);
/// So many replicas for each core are the most that `scale` asks for: more take each other's time.
const REPLICAS_OF_A_CORE: u32 = 16;
/// Between two looks.
const PACE: Duration = Duration::from_millis(20);

/// Sets the weights.
pub fn traffic(context: &Context, args: &TrafficArgs) -> Result<u8, CliError> {
    let mut target = living(context, Some(&args.endpoint))?;
    let name = target.document.name.clone();
    let mut weights = BTreeMap::new();
    for text in &args.weights {
        let (revision, percent) = weight(&target, text)?;
        if weights.insert(revision, percent).is_some() {
            return Err(CliError::new(
                ErrorKind::Usage,
                format!("{text}: its revision is there twice"),
            ));
        }
    }
    let sum: u32 = weights.values().map(|weight| u32::from(*weight)).sum();
    if sum != 100 {
        let missing = if sum < 100 {
            format!("{} are missing", 100 - sum)
        } else {
            format!("{} are too many", sum - 100)
        };
        let message = format!("the weights add up to {sum}, not to 100: {missing}");
        return Err(CliError::new(ErrorKind::Usage, message));
    }
    write(context, &target, Entry::Traffic { weights })?;
    if args.detach {
        context.printer.say(format!("{name} gets these weights once their revisions are ready"));
        return Ok(exit::OK);
    }
    let before = target.state.changes;
    wait(context, &mut target, &|state| state.change.is_none())?;
    held(&target, before)?;
    said(context, &target)
}

/// An error where a change that came since has been given up.
fn held(target: &EndpointTarget, before: u32) -> Result<(), CliError> {
    let last = target.state.last.as_ref().filter(|last| last.change > before && !last.succeeded);
    let Some(last) = last else { return Ok(()) };
    let name = &target.document.name;
    let message = format!("the change was given up: {}", last.reason);
    Err(CliError::new(ErrorKind::Failed, message).hint(format!("look: mlctl why {name}")))
}

/// One word of the command line: `v1=80`.
fn weight(target: &EndpointTarget, text: &str) -> Result<(RevisionName, u8), CliError> {
    let wrong = |why: &str| {
        CliError::new(ErrorKind::Usage, format!("`{text}`: {why}"))
            .hint("write REVISION=PERCENT, for example v1=80 v2=20")
    };
    let (revision, percent) = text.split_once('=').ok_or_else(|| wrong("it has no `=`"))?;
    let percent: u8 = percent
        .trim_end_matches('%')
        .parse()
        .ok()
        .filter(|percent| *percent <= 100)
        .ok_or_else(|| wrong("a share is a whole number from 0 to 100"))?;
    Ok((revision_named(target, revision)?, percent))
}

/// A revision of the spec.
fn revision_named(target: &EndpointTarget, name: &str) -> Result<RevisionName, CliError> {
    let rules = target.state.rules.as_ref();
    let known: Vec<&str> =
        rules.iter().flat_map(|rules| rules.revisions.keys()).map(RevisionName::as_str).collect();
    if known.contains(&name) {
        return name.parse().map_err(|error: crate::gang::ParseNameError| {
            CliError::new(ErrorKind::Usage, error.to_string())
        });
    }
    let endpoint = &target.document.name;
    let error = CliError::new(
        ErrorKind::NotFound,
        format!("{endpoint} has no revision `{name}`: it has {}", known.join(", ")),
    );
    Err(match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error,
    })
}

/// Looks at a change of weights, or says what is to become of it.
pub fn rollout(context: &Context, args: &RolloutArgs) -> Result<u8, CliError> {
    let endpoint = args.endpoint.as_deref();
    if args.reason.is_some() && !matches!(args.action, RolloutAction::Pause | RolloutAction::Abort)
    {
        let message = "--reason says why a rollout is paused or aborted, and nothing else";
        return Err(CliError::new(ErrorKind::Usage, message));
    }
    if args.action == RolloutAction::Status {
        let target = context.endpoint(endpoint)?;
        return said(context, &target);
    }
    let mut target = living(context, endpoint)?;
    let name = target.document.name.clone();
    let Some(change) = target.state.change.clone() else {
        return Err(CliError::new(ErrorKind::Refused, format!("{name} has no change under way"))
            .hint(format!("what was changed last: mlctl rollout status {name}")));
    };
    let user = context.user();
    let reason = args.reason.clone();
    let asked = |what: &str| reason.clone().unwrap_or_else(|| format!("{what} by {user}"));
    let entry = match args.action {
        RolloutAction::Status => return Ok(exit::OK),
        RolloutAction::Pause if change.paused.is_some() => {
            return Err(CliError::new(ErrorKind::Refused, "it is paused already"));
        }
        RolloutAction::Pause => {
            Entry::Paused { change: Some(change.number), reason: asked("paused") }
        }
        RolloutAction::Resume if change.paused.is_none() => {
            return Err(CliError::new(ErrorKind::Refused, "it is not paused"));
        }
        RolloutAction::Resume => Entry::Resumed,
        RolloutAction::Promote => Entry::Promoted,
        RolloutAction::Abort => Entry::Aborted { reason: asked("aborted") },
    };
    write(context, &target, entry)?;
    let ends = matches!(args.action, RolloutAction::Promote | RolloutAction::Abort);
    let number = change.number;
    let is_done = move |state: &EndpointState| {
        let same = state.change.as_ref().filter(|change| change.number == number);
        same.is_none() || !ends
    };
    wait(context, &mut target, &is_done)?;
    said(context, &target)
}

/// Gives the weights before back, or everything to one revision.
pub fn rollback(context: &Context, args: &RollbackArgs) -> Result<u8, CliError> {
    let mut target = living(context, args.endpoint.as_deref())?;
    let name = target.document.name.clone();
    let to: Option<RevisionId> = match &args.to {
        None => None,
        Some(text) => Some(revision_meant(&target, text)?),
    };
    if to.is_none() && target.state.before.is_none() && target.state.change.is_none() {
        let message = format!("{name} has had no other weights than {}", target.state.weights);
        return Err(
            CliError::new(ErrorKind::Refused, message).hint("name a revision: --to REVISION")
        );
    }
    write(context, &target, Entry::Rollback { to })?;
    let before = target.state.changes;
    wait(context, &mut target, &|state| state.change.is_none())?;
    held(&target, before)?;
    said(context, &target)
}

/// Sets the bounds of the number of replicas.
pub fn scale(context: &Context, args: &ScaleArgs) -> Result<u8, CliError> {
    let mut target = living(context, Some(&args.endpoint))?;
    if args.min.is_none() && args.max.is_none() {
        return Err(CliError::new(ErrorKind::Usage, "neither --min nor --max is given"));
    }
    let mut names: Vec<RevisionName> =
        target.state.weights.iter().map(|(id, _)| id.name.clone()).collect();
    names.dedup();
    if let Some(name) = &args.revision {
        names = vec![revision_named(&target, name)?];
    }
    if names.is_empty() {
        let message = format!("no revision of {} has weight yet", target.document.name);
        return Err(CliError::new(ErrorKind::Refused, message).hint("name a revision"));
    }
    let mut entries = Vec::new();
    for name in names {
        let id = target.state.current(&name).cloned();
        let now = id.map(|id| target.state.bounds(&id));
        let old = now.map_or((1, 1), |bounds| (bounds.min, bounds.max));
        let room = u32::try_from(sys::cores()).unwrap_or(1).saturating_mul(REPLICAS_OF_A_CORE);
        if let Some(min) = args.min.filter(|min| *min > room) {
            let message = format!("{min} replicas are more than this machine has room for: {room}");
            return Err(CliError::new(ErrorKind::Refused, message)
                .hint(format!("--min {room} is the most; --max may be more")));
        }
        let (min, max) = match (args.min, args.max) {
            (Some(min), Some(max)) if min > max => {
                let message = format!("--min {min} is more than --max {max}");
                return Err(CliError::new(ErrorKind::Usage, message));
            }
            (Some(min), Some(max)) => (min, max),
            (Some(min), None) => (min, old.1.max(min)),
            (None, Some(max)) => (old.0.min(max), max),
            (None, None) => old,
        };
        entries.push(Entry::Bounds { revision: name, min, max: max.max(1) });
    }
    let user = context.user_in(&*target.notes)?;
    append_entries(&*target.notes, &target.paths, now(), &user, entries)?;
    wait(context, &mut target, &|_| true)?;
    said(context, &target)
}

/// An endpoint whose controller can carry something out.
fn living(context: &Context, selector: Option<&str>) -> Result<EndpointTarget, CliError> {
    let target = context.endpoint(selector)?;
    if !target.is_alive() {
        let record = &target.run.record;
        let message = format!("{} no longer serves: its run {} has ended", record.name, record.id);
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint(format!("why: mlctl why {}", record.id))
            .hint("begin it again: mlctl serve FILE"));
    }
    Ok(target)
}

fn write(context: &Context, target: &EndpointTarget, entry: Entry) -> Result<(), CliError> {
    let user = context.user_in(&*target.notes)?;
    Ok(append_entries(&*target.notes, &target.paths, now(), &user, vec![entry])?)
}

/// Waits until the controller has done what was written, telling what it writes meanwhile; Ctrl-C goes
/// without it.
fn wait(
    context: &Context,
    target: &mut EndpointTarget,
    is_done: &dyn Fn(&EndpointState) -> bool,
) -> Result<(), CliError> {
    let interrupts = crate::cli::Interrupts::listen()?;
    let mut journal = crate::work::serve::EndpointJournal::default();
    let mut state = EndpointState::default();
    let before = journal.read(&*target.notes, &target.paths)?;
    for line in &before {
        state.fold(line);
    }
    let start = Instant::now();
    let mut said_slow = false;
    while interrupts.count() == 0 {
        for line in journal.read(&*target.notes, &target.paths)? {
            state.fold(&line);
            if let Some(text) = entry_line(&line) {
                context.printer.say(text);
            }
        }
        target.refresh()?;
        let routed = target.live.as_ref().is_some_and(|live| {
            live.revisions.iter().all(|one| one.weight == state.weights.get(&one.revision))
        });
        if is_done(&state) && routed {
            return Ok(());
        }
        if state.change.as_ref().is_some_and(|change| change.paused.is_some()) {
            return Ok(());
        }
        if start.elapsed() > TAKEN_LIMIT && !said_slow {
            said_slow = true;
            target.run.record = context.refresh(&target.run.store, &target.run.paths.run)?;
            if !target.is_alive() {
                let message = format!("{} has ended meanwhile", target.document.name);
                return Err(CliError::new(ErrorKind::Failed, message));
            }
            context
                .printer
                .say("waiting for the revisions to be ready; Ctrl-C leaves it to itself");
        }
        std::thread::sleep(PACE);
    }
    context.printer.say("it goes on by itself");
    Ok(())
}

/// Prints how the endpoint is now.
fn said(context: &Context, target: &EndpointTarget) -> Result<u8, CliError> {
    let report = EndpointReport { state: target.state.clone(), live: target.live.clone() };
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Document<'a> {
        schema_version: u32,
        name: &'a str,
        #[serde(flatten)]
        report: &'a EndpointReport,
    }
    let document = Document { schema_version: 1, name: &target.document.name, report: &report };
    context.emit(&document, || {
        let terminal = context.printer.terminal;
        let width = terminal.stdout.then_some(terminal.width);
        Text::lines(endpoint_lines(&target.state, target.live.as_ref(), &[], now(), width))
    })?;
    Ok(exit::OK)
}
