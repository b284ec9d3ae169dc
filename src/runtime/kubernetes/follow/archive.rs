//! What is kept of a run when it ends: the pods go, and their logs with them.

use std::io::{self, Write};
use std::time::Duration;

use futures::{AsyncReadExt, StreamExt};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event as ClusterEvent, Pod};
use kube::api::LogParams;
use tokio::time::{Instant, timeout, timeout_at};

use crate::event::{Event, EventKind};
use crate::gang::ReplicaId;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::cancel;
use crate::runtime::kubernetes::client::{Cluster, age};
use crate::runtime::kubernetes::follow::log::{Spool, Spools, fetch};
use crate::runtime::kubernetes::follow::observe::remember_end;
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};
use crate::runtime::kubernetes::objects::MAIN;
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::runtime::kubernetes::submit::write_verdict;
use crate::store::{Durability, NewFile, RunPaths, write_atomic};

/// How many requests are sent at once, and of how many failed pods events are kept.
const REQUESTS_AT_ONCE: usize = 16;
/// How many bytes of a log are read at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// A log is asked for so often.
const CONNECTIONS: usize = 3;
/// A pod whose containers have all ended says so within this time after the last one.
const HELD_AFTER: Duration = Duration::from_secs(5);
/// One log is downloaded within this time, or its newest part is tried.
const LOG_DOWNLOAD_LIMIT: Duration = Duration::from_mins(1);
/// What stands before such a part.
const TOO_SLOW: &str = "[mlctl: the beginning is missing: the whole log did not come in time]\n";

/// Does what is due once the end of a run of this user has been observed: writes the verdict into the run's
/// record, for other users and machines, and deletes Jobs that would still wait for room. `last` is
/// the last event. Failures are passed over: a user who may not write there has still seen the end,
/// and it will be seen again by others.
pub(crate) fn at_end(session: &Session, run: &RunPaths, last: Option<&Event>) {
    let Some(Event { kind: EventKind::Finished { verdict, .. }, .. }) = last else { return };
    if run.is_adopted() {
        return;
    }
    let Ok(cluster) = session.cluster() else { return };
    let _ = session.block_on(write_verdict(&cluster, &run.run, verdict));
    remember_end(session, run, verdict);
    let _ = cancel::delete_unplaced(session, run);
    // Whoever follows the logs saves them once the rest has been read.
    if !session.spools.has(&run.run) {
        let _ = is_gone(session, run);
    }
}

/// Whether nothing of the run lives any more. Once it is so, its logs, termination messages and
/// events are saved into the run's folder, because the pods will be deleted.
pub(crate) fn is_gone(session: &Session, run: &RunPaths) -> Result<bool, RuntimeError> {
    is_over(session, run, false)
}

/// The same of a run whose commands have all ended after its verdict: agents may still wait for the
/// cluster to learn of each other's end, which nobody else has to wait for.
pub(crate) fn is_settled(session: &Session, run: &RunPaths) -> Result<bool, RuntimeError> {
    is_over(session, run, true)
}

fn is_over(session: &Session, run: &RunPaths, stopped: bool) -> Result<bool, RuntimeError> {
    let Some(mut submission) = session.submission(run)? else { return Ok(true) };
    if submission.archived {
        return Ok(true);
    }
    let followed = session.is_followed(&run.run);
    let Some(facts) = session.facts(run, followed)? else { return Ok(false) };
    let decided = facts.jobs.values().all(|job| job.gone || job.end.is_some());
    // Something else that a patch or a webhook has put into a pod outlives its agent, and with it the
    // pod, its place and its Job: once the gang itself has said how it ended, that ends too.
    let is_held = !submission.tasks && is_held(&submission, &facts, session.server_time());
    let mut living = facts.pods.values().filter(|pod| pod.lives()).peekable();
    let has_ended = decided && living.peek().is_none();
    let is_leaving = |pod: &PodFacts| pod.has_started() && !pod.shared && !pod.deleting;
    let is_settled = stopped && !submission.tasks && facts.is_known() && living.all(is_leaving);
    if !is_held && !has_ended && !is_settled {
        return Ok(false);
    }
    if !facts.is_known() {
        return Ok(true);
    }
    let cluster = session.cluster()?;
    session.block_on(save(&cluster, &session.spools, run, &submission, &facts))?;
    if is_held && !run.is_adopted() {
        // Who may not do it leaves it to the next one who looks.
        let _ = cancel::delete_jobs(session, run, &facts);
    }
    submission.archived = true;
    submission.write(run)?;
    session.unfollow(&run.run);
    Ok(true)
}

/// Every agent has ended, one of those that lead with a verdict, and a pod lives on without its agent.
fn is_held(submission: &Submission, facts: &RunFacts, now: Option<Timestamp>) -> bool {
    let has_verdict = |pod: &PodFacts| {
        let message = pod.ended.as_ref().and_then(|ended| ended.message.as_ref());
        message.is_some_and(|message| message.verdict.is_some())
    };
    let mut leaders = submission.leaders().filter_map(|id| facts.pod_of(&submission.layout, id));
    let mut living = facts.pods.values().filter(|pod| pod.lives()).peekable();
    let is_left = |pod: &PodFacts| {
        let end = pod.ended.as_ref().and_then(|ended| ended.at);
        age(now, end).is_some_and(|age| age > HELD_AFTER)
    };
    leaders.any(has_verdict) && living.peek().is_some() && living.all(is_left)
}

/// Saves the logs of all replicas and the events of the cluster.
async fn save(
    cluster: &Cluster,
    spools: &Spools,
    run: &RunPaths,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<(), RuntimeError> {
    fs_err::create_dir_all(run.logs())?;
    fs_err::create_dir_all(run.agents())?;
    let replicas = submission.layout.jobs.iter().flat_map(|job| &job.replicas);
    let mut saves = futures::stream::iter(replicas.map(|replica| {
        let pods: Vec<PodFacts> =
            facts.pods_of(&submission.layout, replica).into_iter().cloned().collect();
        save_replica(cluster, spools, run, replica, pods)
    }))
    .buffer_unordered(REQUESTS_AT_ONCE);
    while let Some(saved) = saves.next().await {
        saved?;
    }
    save_events(cluster, run, facts).await
}

/// Saves one log over all pods of the replica, in the order in which they replaced each other, as
/// it is on a laptop, and the last termination message.
async fn save_replica(
    cluster: &Cluster,
    spools: &Spools,
    run: &RunPaths,
    replica: &ReplicaId,
    pods: Vec<PodFacts>,
) -> Result<(), RuntimeError> {
    let mut log = NewFile::of(&run.log(replica))?;
    let mut length = 0;
    for pod in pods.iter().filter(|pod| pod.has_log()) {
        let kept = spools.take(&run.run, &pod.uid);
        let saved = save_log(cluster, pod, kept, &mut log).await?;
        if saved == 0 && pod.has_started() {
            let text =
                format!("[mlctl: nothing is left of what pod {} of {replica} printed]\n", pod.name);
            log.write_all(text.as_bytes())?;
            length += text.len() as u64;
        }
        length += saved;
    }
    if length > 0 {
        log.put(Durability::Crash)?;
    }
    let last = pods.iter().rev().find_map(|pod| pod.ended.as_ref());
    if let Some(ended) = last.filter(|ended| !ended.text.is_empty()) {
        write_atomic(&run.termination(replica), ended.text.as_bytes(), Durability::Crash)?;
    }
    Ok(())
}

/// Writes what can be had of a pod's log, ended by a line end: what this process has read of it before and
/// what has come since, or all that its node has. Gives how much that is.
async fn save_log(
    cluster: &Cluster,
    pod: &PodFacts,
    kept: Option<Spool>,
    log: &mut NewFile,
) -> io::Result<u64> {
    let Some(spool) = kept else {
        return if pod.gone { Ok(0) } else { whole_log(cluster, &pod.name, log).await };
    };
    let from = spool.position();
    let mut length = spool.copy_to(log)?;
    if pod.gone {
        return Ok(length);
    }
    let mut written = Ok(());
    let rest = fetch(cluster, &pod.name, from, true, |line| {
        if written.is_ok() {
            written = log.write_all(&line.bytes).and_then(|()| log.write_all(b"\n"));
            length += line.bytes.len() as u64 + 1;
        }
    });
    // Of what can't be had any more, what has come is kept.
    let _ = timeout(LOG_DOWNLOAD_LIMIT, rest).await;
    written.map(|()| length)
}

/// Writes the whole log of a pod, which ends with a line end, as it comes; gives its length. A connection
/// that is cut is made again. Of a log that takes too long, the newest part is asked for instead; of one
/// that can't be had any more, what has come is kept.
async fn whole_log(cluster: &Cluster, pod: &str, log: &mut NewFile) -> io::Result<u64> {
    let api = cluster.api::<Pod>();
    let mut params = LogParams { container: Some(MAIN.into()), ..LogParams::default() };
    let mut chunk = vec![0; CHUNK_BYTES];
    let (mut length, mut last) = (0, b'\n');
    for _ in 0..CONNECTIONS {
        log.cut_back(length)?;
        (length, last) = (0, b'\n');
        let until = Instant::now() + LOG_DOWNLOAD_LIMIT;
        let open = timeout_at(until, cluster.retry(|| api.log_stream(pod, &params))).await;
        let Ok(Ok(stream)) = open else { break };
        if params.tail_lines.is_some() {
            log.write_all(TOO_SLOW.as_bytes())?;
            length = TOO_SLOW.len() as u64;
        }
        let mut stream = std::pin::pin!(stream);
        let mut lines = 0;
        let is_whole = loop {
            match timeout_at(until, stream.read(&mut chunk)).await {
                Ok(Ok(0)) => break true,
                Ok(Ok(count)) => {
                    log.write_all(&chunk[..count])?;
                    length += count as u64;
                    lines += memchr::memchr_iter(b'\n', &chunk[..count]).count();
                    last = chunk[count - 1];
                }
                Ok(Err(_)) => break false,
                Err(_) => {
                    params.tail_lines = Some(fewer(lines));
                    break false;
                }
            }
        };
        if is_whole {
            break;
        }
    }
    if last != b'\n' {
        log.write_all(b"\n")?;
        length += 1;
    }
    Ok(length)
}

/// How many of the last lines come in half the time that so many took.
fn fewer(lines: usize) -> i64 {
    i64::try_from(lines / 2).unwrap_or(i64::MAX).max(1)
}

/// Saves the cluster's own events of the run's Jobs and failed pods. A user who may not read events
/// saves none.
async fn save_events(
    cluster: &Cluster,
    run: &RunPaths,
    facts: &RunFacts,
) -> Result<(), RuntimeError> {
    let mut uids: Vec<&str> = facts.jobs.values().map(|job| job.uid.as_str()).collect();
    // Nobody asks what happened to pods that succeeded.
    let failed = facts.pods.values().filter(|pod| !pod.succeeded).take(REQUESTS_AT_ONCE);
    uids.extend(failed.map(|pod| pod.uid.as_str()));
    let mut all: Vec<ClusterEvent> = Vec::new();
    for uid in uids {
        match cluster.list("", &format!("involvedObject.uid={uid}")).await {
            Ok(some) => all.extend(some),
            Err(crate::runtime::ClusterError::Forbidden { .. }) => {
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
    all.sort_by_key(|event| event.last_timestamp.as_ref().map(|time| time.0));
    let mut text = Vec::new();
    for event in &all {
        serde_json::to_writer(&mut text, event).map_err(std::io::Error::from)?;
        text.push(b'\n');
    }
    write_atomic(&run.cluster_events(), &text, Durability::Crash)?;
    Ok(())
}
