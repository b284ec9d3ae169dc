//! What followers write into the run's record for pods that come later: all that is known of a run whose
//! pods are lost at once.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::json;

use super::observed::Observed;
use crate::agent::PastDocument;
use crate::event::{Event, EventKind};
use crate::gang::{Carry, Verdict};
use crate::runtime::kubernetes::objects::record_key;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::{Submission, record};
use crate::store::{RunPaths, RunRecord};

/// The time that a run has been going is written so often.
const PACE: Duration = Duration::from_mins(1);

/// What this process knows of a run's past, and what of it stands in the record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// `None` before the record has been read.
    known: Option<Carry>,
    /// Since when an attempt has been running whose time is not counted yet.
    runs_since: Option<Timestamp>,
    written: Option<Instant>,
    /// This user may not write there, or there is no record.
    is_refused: bool,
}

/// Takes in what has happened to a gang that this machine has submitted, and writes down what is new: only
/// who knows the run's token is believed. A record that can't be written is passed over: it is one of several
/// places.
pub(crate) fn remember(
    session: &Session,
    run: &RunPaths,
    observed: &mut Observed,
    submission: &Submission,
    events: &[Event],
) {
    let memory = &mut observed.memory;
    if run.is_adopted() || submission.tasks || memory.is_refused {
        return;
    }
    let is_news = |event: &Event| {
        matches!(
            event.kind,
            EventKind::AttemptStarted
                | EventKind::AttemptEnded
                | EventKind::Retrying { .. }
                | EventKind::Adopted { .. }
                | EventKind::FirstFailure { .. }
        )
    };
    let is_new = events.iter().any(is_news);
    let is_due = memory.runs_since.is_some()
        && memory.written.is_none_or(|written| written.elapsed() >= PACE);
    if !is_new && !is_due {
        return;
    }
    let Ok(token) = crate::sys::read_own(&run.token()) else { return };
    if memory.known.is_none() {
        memory.known = Some(begin(session, run, memory, &token));
    }
    let mut known = memory.known.take().unwrap_or_default();
    for event in events {
        fold(&mut known, &mut memory.runs_since, event);
    }
    if let Some(since) = &mut memory.runs_since {
        let now = session.now();
        known.elapsed += Duration::try_from(now.duration_since(*since)).unwrap_or_default();
        *since = now.max(*since);
    }
    memory.written = Some(Instant::now());
    memory.is_refused = !write(session, run, &known, &token);
    memory.known = Some(known);
}

/// What was known before this process: by the record in the cluster, and by this machine's of an attempt
/// that is under way.
fn begin(session: &Session, run: &RunPaths, memory: &mut Memory, token: &[u8]) -> Carry {
    let stored = session
        .cluster()
        .ok()
        .and_then(|cluster| session.block_on(record(&cluster, &run.run)).ok().flatten())
        .and_then(|record| record.map.data?.remove(record_key::PAST))
        .and_then(|text| PastDocument::carry_of(text.as_bytes(), &run.run, token));
    let own = crate::sys::read_own(&run.record()).ok();
    let own = own.and_then(|text| serde_json::from_slice::<RunRecord>(&text).ok());
    let own = own.filter(|own| own.attempt > 0);
    if let Some(own) = &own {
        memory.runs_since = stored.is_none().then_some(own.started).flatten();
    }
    let mut known = stored.unwrap_or_default();
    known.epoch.1 = known.epoch.1.max(own.map_or(0, |own| own.attempt));
    known
}

/// Takes one event in. Time counts while an attempt runs.
fn fold(known: &mut Carry, runs_since: &mut Option<Timestamp>, event: &Event) {
    let count = |known: &mut Carry, runs_since: &mut Option<Timestamp>| {
        if let Some(since) = runs_since.take() {
            let time = Duration::try_from(event.time.duration_since(since)).unwrap_or_default();
            known.elapsed += time;
        }
    };
    match &event.kind {
        EventKind::AttemptStarted => {
            count(known, runs_since);
            known.epoch.1 = known.epoch.1.max(event.attempt);
            *runs_since = Some(event.time);
        }
        EventKind::FirstFailure { failure } => {
            count(known, runs_since);
            known.first_failure = Some(failure.clone());
        }
        EventKind::AttemptEnded => count(known, runs_since),
        EventKind::Retrying { class, spent, .. } => {
            let before = known.spent.0.entry(*class).or_default();
            *before = (*before).max(*spent);
        }
        EventKind::Adopted { spent, .. } => known.spent.join(spent),
        _ => {}
    }
}

/// Writes down how a run has ended, for pods that its Jobs may still make. Where that can't be done, other
/// places tell it.
pub(crate) fn remember_end(session: &Session, run: &RunPaths, verdict: &Verdict) {
    let Ok(token) = crate::sys::read_own(&run.token()) else { return };
    let ended =
        Carry { epoch: (0, verdict.attempt), verdict: Some(verdict.clone()), ..Carry::default() };
    write(session, run, &ended, &token);
}

fn write(session: &Session, run: &RunPaths, known: &Carry, token: &[u8]) -> bool {
    let Ok(document) = PastDocument::new(&run.run, known, token) else { return false };
    let Ok(text) = serde_json::to_string(&document) else { return false };
    let change = json!({"data": {record_key::PAST: text}});
    let Ok(cluster) = session.cluster() else { return true };
    match session.block_on(cluster.change::<ConfigMap>(&run.run, &change)) {
        Ok(is_there) => is_there,
        Err(error) => crate::runtime::RuntimeError::from(error).is_passing(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::{FailureClass, PerClass};

    #[test]
    fn time_counts_while_an_attempt_runs_and_nothing_spent_is_forgotten() {
        let event = |seconds: i64, attempt: u32, kind: EventKind| Event {
            attempt,
            ..Event::new(&"a-123456".into(), Timestamp::from_second(seconds).unwrap(), kind)
        };
        let retrying =
            |spent: u32| EventKind::Retrying { class: FailureClass::Preemption, spent, budget: 6 };
        let (mut known, mut since) = (Carry::default(), None);
        for event in [
            event(10, 1, EventKind::AttemptStarted),
            event(70, 1, EventKind::AttemptEnded),
            event(71, 1, retrying(1)),
            // Nobody runs, as in a queue.
            event(500, 2, EventKind::AttemptStarted),
            event(501, 2, EventKind::Adopted { failure: None, spent: PerClass::default() }),
        ] {
            fold(&mut known, &mut since, &event);
        }
        assert_eq!(known.epoch, (0, 2));
        assert_eq!(known.elapsed, Duration::from_mins(1));
        assert_eq!(known.spent.get(FailureClass::Preemption), 1);
        assert_eq!(since, Timestamp::from_second(500).ok());
    }
}
