//! What is saved of a run that has ended: the logs of its pods, their last messages and the cluster's events.

use std::io::{self, Write};
use std::time::Duration;

use futures::{AsyncReadExt, StreamExt};
use k8s_openapi::api::core::v1::{Event as ClusterEvent, Pod};
use kube::api::LogParams;
use tokio::time::{Instant, timeout, timeout_at};

use crate::gang::ReplicaId;
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::follow::log::{Kept, KeptName, Position, fetch};
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts};
use crate::runtime::kubernetes::objects::MAIN;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::{Durability, NewFile, RunPaths, write_atomic};

/// How many requests are sent at once, and of how many failed pods events are kept.
const REQUESTS_AT_ONCE: usize = 16;
/// How many bytes of a log are read at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// A log is asked for so often.
const CONNECTIONS: usize = 3;
/// One log is downloaded within this time, or its newest part is tried.
const LOG_DOWNLOAD_LIMIT: Duration = Duration::from_mins(1);
/// What stands before such a part.
const TOO_SLOW: &str = "[mlctl: the beginning is missing: the whole log did not come in time]\n";

/// Saves the logs of all replicas and the events of the cluster.
pub(super) async fn save(
    cluster: &Cluster,
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
        save_replica(cluster, run, replica, pods)
    }))
    .buffer_unordered(REQUESTS_AT_ONCE);
    while let Some(saved) = saves.next().await {
        saved?;
    }
    save_events(cluster, run, facts).await
}

/// Saves one log over all pods of the replica, in the order in which they replaced each other, as
/// it is on a laptop, and the last termination message. Of pods that the cluster doesn't know any more
/// there is what followers have kept.
async fn save_replica(
    cluster: &Cluster,
    run: &RunPaths,
    replica: &ReplicaId,
    pods: Vec<PodFacts>,
) -> Result<(), RuntimeError> {
    let mut log = NewFile::of(&run.log(replica))?;
    let mut length = 0;
    let mut parts: Vec<(Option<KeptName>, Option<&PodFacts>, Option<Kept>)> = Vec::new();
    for pod in pods.iter().filter(|pod| pod.has_log()) {
        parts.push((KeptName::of(pod), Some(pod), None));
    }
    for kept in Kept::all(run, replica) {
        let is_its = |pod: Option<&PodFacts>| pod.is_some_and(|pod| pod.uid == kept.name.uid);
        match parts.iter_mut().find(|(_, pod, _)| is_its(*pod)) {
            Some((_, _, slot)) => *slot = Some(kept),
            None => parts.push((Some(kept.name.clone()), None, Some(kept))),
        }
    }
    parts.sort_by(|(one, ..), (other, ..)| one.cmp(other));
    for (_, pod, kept) in parts {
        let (mut saved, mut from) = (0, Position::default());
        let is_kept = kept.is_some();
        if let Some(kept) = kept {
            (saved, from) = copy_kept(kept, &mut log)?;
        }
        let Some(pod) = pod else {
            length += saved;
            continue;
        };
        saved += match (pod.gone, is_kept) {
            (true, _) => 0,
            (false, true) => rest_of_log(cluster, pod, from, &mut log).await?,
            (false, false) => whole_log(cluster, &pod.name, &mut log).await?,
        };
        if saved == 0 && pod.has_started() {
            let text =
                format!("[mlctl: nothing is left of what pod {} of {replica} printed]\n", pod.name);
            log.write_all(text.as_bytes())?;
            saved = text.len() as u64;
        }
        length += saved;
    }
    // Somebody else may have saved it a moment ago, and removed what was kept.
    let saved = fs_err::symlink_metadata(run.log(replica)).map_or(0, |facts| facts.len());
    if length > saved {
        log.put(Durability::Crash)?;
    }
    let last = pods.iter().rev().find_map(|pod| pod.ended.as_ref());
    if let Some(ended) = last.filter(|ended| !ended.text.is_empty()) {
        write_atomic(&run.termination(replica), ended.text.as_bytes(), Durability::Crash)?;
    }
    Ok(())
}

/// Writes what a follower has kept of a pod's log; gives how much that is, and how far it goes.
fn copy_kept(kept: Kept, log: &mut NewFile) -> io::Result<(u64, Position)> {
    let (mut length, mut position) = (0, Position::default());
    let mut lines = kept.lines();
    while let Some(some) = lines.next()? {
        for line in some {
            log.write_all(&line.bytes)?;
            log.write_all(b"\n")?;
            length += line.bytes.len() as u64 + 1;
            position = line.position;
        }
    }
    Ok((length, position))
}

/// Writes what a pod's node has behind a position, ended by a line end; gives how much that is. Of what
/// can't be had any more, what has come is kept.
async fn rest_of_log(
    cluster: &Cluster,
    pod: &PodFacts,
    from: Position,
    log: &mut NewFile,
) -> io::Result<u64> {
    let (mut length, mut written) = (0, Ok(()));
    let rest = fetch(cluster, &pod.name, from, true, |line| {
        if written.is_ok() {
            written = log.write_all(&line.bytes).and_then(|()| log.write_all(b"\n"));
            length += line.bytes.len() as u64 + 1;
        }
    });
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
