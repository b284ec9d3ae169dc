//! What has happened to a gang in a cluster: the primary's log, which repeats the gang's events, and
//! what pods and Jobs say of themselves.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Event as ClusterEvent};
use kube::api::DeleteParams;

use super::log::{Line, Position, Tail, fetch};
use super::mark::Submitting;
use super::record::record;
use super::runtime::Inner;
use super::submission::Submission;
use super::verdict::{infer, node_lost, refine, waiting};
use super::watch::{PodFacts, RunFacts, Words};
use super::{archive, cancel, submit};
use crate::agent::stream::{Item, StreamReader};
use crate::backend::{BackendError, Cursor};
use crate::event::{EVENT_VERSION, Event, EventKind};
use crate::gang::{Outcome, ReplicaId, Verdict};
use crate::plan::Plan;
use crate::store::RunPaths;

/// Set in the cursor once the end has been told.
const FINISHED: &str = "finished";
/// The cluster's events of a Job that lacks pods are asked for this often.
const EVENTS_PACE: Duration = Duration::from_secs(10);
/// A Job has made its pods within this time, or can't.
const PODS_LIMIT: Duration = Duration::from_secs(3);
/// A submission of another machine is unfinished for this long at most.
const SUBMISSION_LIMIT: Duration = Duration::from_mins(10);

/// What this process has seen of a run; all of it can be read again.
#[derive(Default)]
pub(super) struct Observed {
    looks: u32,
    tails: HashMap<String, PodTail>,
    asked: Option<Instant>,
}

struct PodTail {
    tail: Tail,
    reader: StreamReader,
    position: Position,
}

/// All events since the cursor, and the end when there is one.
pub(super) fn observe(
    inner: &Inner,
    run: &RunPaths,
    cursor: &mut Cursor,
) -> Result<Vec<Event>, BackendError> {
    if cursor.0.contains_key(FINISHED) {
        return Ok(Vec::new());
    }
    let mut observed = inner.take_observed(&run.run);
    let events = look(inner, run, cursor, &mut observed);
    observed.looks += 1;
    inner.keep_observed(&run.run, observed);
    let mut events = events?;
    let end = events.iter().position(|event| matches!(event.kind, EventKind::Finished { .. }));
    if let Some(end) = end {
        // What the log holds behind it is no part of the story.
        events.truncate(end + 1);
        cursor.0.insert(FINISHED.into(), 1);
        archive::at_end(inner, run, events.last());
        inner.forget(&run.run);
    }
    Ok(events)
}

fn look(
    inner: &Inner,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
) -> Result<Vec<Event>, BackendError> {
    match Submitting::lives(run) {
        Some(true) => return Ok(Vec::new()),
        Some(false) => return unfinished(inner, run),
        None => {}
    }
    let Some(submission) = inner.submission(run)? else { return lost(inner, run) };
    let following = observed.looks > 0;
    let Some(facts) = inner.facts(&run.run, following)? else { return Ok(Vec::new()) };
    if !facts.jobs.values().any(|job| !job.gone) {
        let pods_live = facts.pods.values().any(PodFacts::lives);
        if !pods_live {
            let mut events =
                read_log(inner, run, cursor, observed, &submission, &facts, following)?;
            if !has_end(&events) {
                events.extend(without_jobs(inner, run, &submission, &facts)?);
            }
            return Ok(events);
        }
    }
    if facts.jobs.values().any(|job| job.suspended && job.queue.is_none() && !job.gone) {
        finish_submission(inner, run)?;
    }
    let mut events = read_log(inner, run, cursor, observed, &submission, &facts, following)?;
    if has_end(&events) {
        return Ok(events);
    }
    events.extend(states(run, cursor, &submission, &facts));
    events.extend(refused_pods(inner, run, cursor, observed, &facts)?);
    if log_is_read(cursor, observed, &submission, &facts, following)
        && let Some((mut verdict, from)) = infer(&submission.layout, &facts, Timestamp::now())
    {
        if let Some(failure) = &mut verdict.first_failure {
            refine(&submission.layout, &facts, failure);
        }
        // Whoever saw the end knew more than what is left of it.
        let cluster = inner.cluster()?;
        let kept = inner.block_on(record(&cluster, &run.run))?.and_then(|record| record.verdict);
        events.push(match kept {
            Some(verdict) => finished(run, verdict, "the run's record"),
            None => finished(run, verdict, &from),
        });
    } else if let Some(event) = start_timeout(inner, run, &submission, &facts)? {
        events.push(event);
    }
    Ok(events)
}

fn has_end(events: &[Event]) -> bool {
    events.iter().any(|event| matches!(event.kind, EventKind::Finished { .. }))
}

fn primary(submission: &Submission) -> Option<&ReplicaId> {
    submission.layout.jobs.first()?.replicas.first()
}

/// New events from the logs of the primary's pods, refined by what the cluster knows.
fn read_log(
    inner: &Inner,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
    submission: &Submission,
    facts: &RunFacts,
    following: bool,
) -> Result<Vec<Event>, BackendError> {
    let Some(primary) = primary(submission) else { return Ok(Vec::new()) };
    let cluster = inner.cluster()?;
    let mut events = Vec::new();
    for pod in facts.pods_of(&submission.layout, primary) {
        let done = format!("done/{}", pod.uid);
        if !pod.has_log() || cursor.0.contains_key(&done) {
            continue;
        }
        let at = position(cursor, &pod.uid);
        let ended = pod.ended.is_some() || !pod.lives();
        if following && !pod.gone {
            let handle = inner.handle();
            let start = || PodTail {
                tail: Tail::start(&handle, cluster.clone(), pod.name.clone(), at),
                reader: StreamReader::new(&submission.nonce),
                position: at,
            };
            let source = observed.tails.entry(pod.uid.clone()).or_insert_with(start);
            if behind(at, source.position) {
                // What was read before has not been kept: it is read again.
                *source = start();
            }
            if ended {
                source.tail.end();
            }
            let finished = source.tail.is_finished();
            let lines = source.tail.take();
            events.extend(source.events(lines, at));
            keep_position(cursor, &pod.uid, source.position);
            if ended && finished {
                cursor.0.insert(done, 1);
                observed.tails.remove(&pod.uid);
            }
        } else {
            if !pod.gone {
                let lines = inner.block_on(fetch(&cluster, &pod.name, at, ended))?;
                let mut reader = StreamReader::new(&submission.nonce);
                let mut position = at;
                events.extend(take(&mut reader, lines, &mut position, at));
                keep_position(cursor, &pod.uid, position);
            }
            if ended {
                cursor.0.insert(done, 1);
            }
        }
    }
    events.retain(|event| event.run == run.run);
    for event in &mut events {
        match &mut event.kind {
            EventKind::FirstFailure { failure }
            | EventKind::Adopted { failure: Some(failure), .. } => {
                refine(&submission.layout, facts, failure);
            }
            EventKind::Finished { verdict, .. } => {
                if let Some(failure) = &mut verdict.first_failure {
                    refine(&submission.layout, facts, failure);
                }
            }
            _ => {}
        }
    }
    Ok(events)
}

impl PodTail {
    fn events(&mut self, lines: Vec<Line>, from: Position) -> Vec<Event> {
        take(&mut self.reader, lines, &mut self.position, from)
    }
}

fn take(
    reader: &mut StreamReader,
    lines: Vec<Line>,
    position: &mut Position,
    from: Position,
) -> Vec<Event> {
    let mut events = Vec::new();
    if behind(*position, from) {
        // Somebody else has read on, and said so in the cursor.
        *position = from;
    }
    for line in lines {
        if !behind(*position, line.position) {
            continue;
        }
        *position = line.position;
        let mut items = reader.push(&line.bytes);
        items.extend(reader.push(b"\n"));
        events.extend(items.into_iter().filter_map(|item| match item {
            Item::Event(event) => Some(event),
            Item::Line(_) => None,
        }));
    }
    events
}

fn behind(one: Position, other: Position) -> bool {
    (one.nanos, one.count) < (other.nanos, other.count)
}

fn position(cursor: &Cursor, uid: &str) -> Position {
    let number = |what: &str| cursor.0.get(&format!("{what}/{uid}")).copied().unwrap_or(0);
    Position { nanos: number("at"), count: number("lines") }
}

fn keep_position(cursor: &mut Cursor, uid: &str, position: Position) {
    if position.nanos > 0 {
        cursor.0.insert(format!("at/{uid}"), position.nanos);
        cursor.0.insert(format!("lines/{uid}"), position.count);
    }
}

/// Nothing more will come from the primary's log.
fn log_is_read(
    cursor: &Cursor,
    observed: &Observed,
    submission: &Submission,
    facts: &RunFacts,
    following: bool,
) -> bool {
    let pod = primary(submission).and_then(|id| facts.pod_of(&submission.layout, id));
    let Some(pod) = pod else { return true };
    let read = cursor.0.contains_key(&format!("done/{}", pod.uid));
    let ended = pod.ended.is_some() || !pod.lives();
    !following || read || !ended || !pod.has_log() || !observed.tails.contains_key(&pod.uid)
}

/// What pods say of themselves, as far as it is news.
fn states(
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Vec<Event> {
    let mut events = Vec::new();
    for job in facts.jobs.values().filter(|job| job.suspended && !job.gone) {
        let words = match &job.queue {
            Some(queue) => Words {
                reason: "Queued".into(),
                message: format!("queue {queue} has not let it in yet"),
            },
            None => Words { reason: "Suspended".into(), message: "its Job is suspended".into() },
        };
        if is_news(cursor, "job", &words) {
            events.push(waiting_event(run, None, words));
        }
    }
    for replica in submission.layout.jobs.iter().flat_map(|job| &job.replicas) {
        let Some(pod) = facts.pod_of(&submission.layout, replica) else { continue };
        let key = format!("node/{}", pod.uid);
        if pod.running && !cursor.0.contains_key(&key) {
            cursor.0.insert(key, 1);
            let node = pod.node.clone().unwrap_or_default();
            events.push(event(
                run,
                Some(replica),
                EventKind::Placed { node, pod: pod.name.clone() },
            ));
        }
        if let Some(words) = blocked(pod).filter(|_| pod.lives())
            && is_news(cursor, &replica.to_string(), &words)
        {
            events.push(waiting_event(run, Some(replica), words));
        }
    }
    events
}

/// What keeps this pod, or the next one of its index, from starting.
fn blocked(pod: &PodFacts) -> Option<Words> {
    if pod.node_lost {
        let message = node_lost(pod);
        return Some(Words { reason: "NodeLost".into(), message });
    }
    pod.waiting.clone()
}

/// The words differ from the last ones; the clock times in them don't count.
fn is_news(cursor: &mut Cursor, who: &str, words: &Words) -> bool {
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    let hash = hasher.finish() >> 12;
    cursor.0.insert(format!("wait/{who}"), hash) != Some(hash)
}

fn waiting_event(run: &RunPaths, replica: Option<&ReplicaId>, words: Words) -> Event {
    let Words { reason, message } = words;
    event(run, replica, EventKind::Waiting { reason, message })
}

/// A Job that has fewer pods than it wants: a quota or an admission refuses them, and only the
/// cluster's events say which.
fn refused_pods(
    inner: &Inner,
    run: &RunPaths,
    cursor: &mut Cursor,
    observed: &mut Observed,
    facts: &RunFacts,
) -> Result<Vec<Event>, BackendError> {
    let now = Timestamp::now();
    let lacking = facts.jobs.values().find(|job| {
        let old = job.started.is_some_and(|at| now.duration_since(at).unsigned_abs() > PODS_LIMIT);
        old && job.pods < job.wanted && job.end.is_none() && !job.suspended && !job.gone
    });
    let Some(job) = lacking else { return Ok(Vec::new()) };
    if observed.asked.is_some_and(|asked| asked.elapsed() < EVENTS_PACE) {
        return Ok(Vec::new());
    }
    observed.asked = Some(Instant::now());
    let cluster = inner.cluster()?;
    let fields = format!("involvedObject.uid={},reason=FailedCreate", job.uid);
    let said: Vec<ClusterEvent> = match inner.block_on(cluster.list("", &fields)) {
        Ok(said) => said,
        // Whoever may not read events still follows the run.
        Err(super::ClusterError::Forbidden { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let newest = said.into_iter().max_by_key(|event| event.last_timestamp.clone().map(|t| t.0));
    let Some(message) = newest.and_then(|event| event.message) else { return Ok(Vec::new()) };
    let words = Words { reason: "FailedCreate".into(), message };
    if is_news(cursor, "pods", &words) {
        return Ok(vec![waiting_event(run, None, words)]);
    }
    Ok(Vec::new())
}

/// Where no agent ever ran, nobody but mlctl ends the waiting.
fn start_timeout(
    inner: &Inner,
    run: &RunPaths,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<Option<Event>, BackendError> {
    let primary = primary(submission).and_then(|id| facts.pod_of(&submission.layout, id));
    let has_run = facts.pods.values().any(|pod| pod.generation > 0 || pod.ended.is_some());
    if has_run || primary.is_some_and(PodFacts::has_log) || facts.jobs.is_empty() {
        return Ok(None);
    }
    let plan: Option<Plan> =
        fs_err::read(run.plan()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let Some(limit) = plan.map(|plan| plan.gang.start_timeout) else { return Ok(None) };
    let now = Timestamp::now();
    let late = facts.jobs.values().all(|job| {
        job.started.is_some_and(|at| now.duration_since(at).unsigned_abs() > limit)
            && job.end.is_none()
            && !job.suspended
    });
    if !late {
        return Ok(None);
    }
    let words = waiting(&submission.layout, facts);
    cancel::delete_jobs(inner, run, facts)?;
    let reason = words.unwrap_or_else(|| "the cluster made no pods".into());
    let verdict =
        Verdict { outcome: Outcome::CouldNotStart, attempt: 0, first_failure: None, reason };
    Ok(Some(finished(run, verdict, "`startTimeout` is over and no agent has run")))
}

/// No Job is left: the record may say why.
fn without_jobs(
    inner: &Inner,
    run: &RunPaths,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<Vec<Event>, BackendError> {
    let cluster = inner.cluster()?;
    let record = inner.block_on(record(&cluster, &run.run))?;
    if let Some(record) = &record {
        if let Some(verdict) = record.verdict.clone() {
            return Ok(vec![finished(run, verdict, "the run's record")]);
        }
        if let Some(by) = &record.cancelled_by {
            return Ok(vec![finished(run, cancelled(by), "its Jobs were deleted to cancel it")]);
        }
    }
    if facts.is_known()
        && let Some(inferred) = infer(&submission.layout, facts, Timestamp::now())
    {
        return Ok(vec![finished(run, inferred.0, &inferred.1)]);
    }
    let perhaps = !facts.is_known() && !submission.complete;
    if let Some(record) = record.filter(|record| perhaps && record.is_unfinished()) {
        let age = Timestamp::now().duration_since(record.created).unsigned_abs();
        if age < SUBMISSION_LIMIT {
            return Ok(Vec::new());
        }
        return unfinished(inner, run);
    }
    Ok(vec![finished(run, deleted(), "its Jobs are gone, and its record names no verdict")])
}

/// The run's document is not in the cluster: never made, or deleted with everything else.
fn lost(inner: &Inner, run: &RunPaths) -> Result<Vec<Event>, BackendError> {
    let made = fs_err::metadata(&run.dir).and_then(|meta| meta.modified());
    let young = made.is_ok_and(|made| made.elapsed().is_ok_and(|age| age < Duration::from_secs(5)));
    if young {
        return Ok(Vec::new());
    }
    let cluster = inner.cluster()?;
    let record = inner.block_on(record(&cluster, &run.run))?;
    match record {
        Some(record) if record.verdict.is_none() => unfinished(inner, run),
        Some(record) => {
            let verdict = record.verdict.unwrap_or_else(deleted);
            Ok(vec![finished(run, verdict, "the run's record")])
        }
        // What is created here is remembered here before that.
        None => Ok(vec![finished(run, never_submitted(), "nothing of it is in the cluster")]),
    }
}

fn never_submitted() -> Verdict {
    Verdict {
        outcome: Outcome::CouldNotStart,
        attempt: 0,
        first_failure: None,
        reason: "mlctl ended before it had submitted everything".into(),
    }
}

fn deleted() -> Verdict {
    Verdict {
        outcome: Outcome::Cancelled,
        attempt: 0,
        first_failure: None,
        reason: "somebody deleted its objects from the cluster".into(),
    }
}

/// The verdict of a run that somebody ended by deleting it.
pub(super) fn cancelled(by: &str) -> Verdict {
    Verdict {
        outcome: Outcome::Cancelled,
        attempt: 0,
        first_failure: None,
        reason: format!("cancelled by {by}"),
    }
}

/// The mlctl that submitted it has died: if the Jobs are there, it was done; else what it made goes.
fn unfinished(inner: &Inner, run: &RunPaths) -> Result<Vec<Event>, BackendError> {
    let cluster = inner.cluster()?;
    let facts = inner.facts(&run.run, false)?.unwrap_or_default();
    let record = inner.block_on(record(&cluster, &run.run))?;
    let several = record.as_ref().is_some_and(|record| record.submitted == Some(false));
    if !facts.jobs.is_empty() && !several {
        Submitting::end(run);
        return Ok(Vec::new());
    }
    let background = DeleteParams::background();
    inner.block_on(cluster.delete::<ConfigMap>(&run.run, &background))?;
    for job in facts.jobs.keys() {
        inner.block_on(cluster.delete::<Job>(job, &background))?;
    }
    Submitting::end(run);
    Ok(vec![finished(
        run,
        never_submitted(),
        "the submission was not finished; what it had made is deleted",
    )])
}

/// Several Jobs are let go at the end of a submission; one that died there is finished here.
fn finish_submission(inner: &Inner, run: &RunPaths) -> Result<(), BackendError> {
    let cluster = inner.cluster()?;
    let Some(found) = inner.block_on(record(&cluster, &run.run))? else { return Ok(()) };
    if found.submitted == Some(true) {
        let selector = super::watch::selector(&run.run);
        let jobs: Vec<Job> = inner.block_on(cluster.list(&selector, ""))?;
        inner.block_on(submit::release(&cluster, &found.map, &jobs))?;
    }
    Ok(())
}

fn event(run: &RunPaths, replica: Option<&ReplicaId>, kind: EventKind) -> Event {
    Event {
        v: EVENT_VERSION,
        seq: 0,
        time: Timestamp::now(),
        run: run.run.clone(),
        attempt: 0,
        replica: replica.cloned(),
        kind,
    }
}

fn finished(run: &RunPaths, verdict: Verdict, from: &str) -> Event {
    let attempt = verdict.attempt;
    let kind = EventKind::Finished { verdict, inferred: Some(from.into()) };
    Event { attempt, ..event(run, None, kind) }
}
