//! Ending a run: by its primary's agent where that can be reached, else by deleting its Jobs.

use std::io;
use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{AttachParams, DeleteParams};
use serde_json::json;
use tokio::io::{AsyncReadExt, copy_bidirectional};
use tokio::net::UnixStream;

use super::exec::exit_code;
use super::session::Session;
use crate::agent;
use crate::agent::pod::PROGRAM;
use crate::gang::ReplicaId;
use crate::plan::GANG_PORT;
use crate::runtime::kubernetes::follow::PodFacts;
use crate::runtime::kubernetes::objects::{MAIN, annotation};
use crate::runtime::{Notice, RuntimeError};
use crate::store::RunPaths;

/// The API server has opened a port-forward within this time, or the Jobs are deleted instead.
const PORT_FORWARD_LIMIT: Duration = Duration::from_secs(10);

/// The primary's pod has asked its agent within this time, or the Jobs are deleted instead.
const EXEC_LIMIT: Duration = Duration::from_secs(20);

/// How many bytes of what a command in a pod complains about are read.
const SAID_LIMIT: u64 = 4096;

/// Asks the gang, or every task that is left, to end as cancelled, in the name of `by`. Where one that
/// leads can't be asked, the Jobs are deleted, and the notices say why.
pub(crate) fn cancel(
    session: &Session,
    run: &RunPaths,
    by: &str,
) -> Result<Vec<Notice>, RuntimeError> {
    let followed = session.is_followed(&run.run);
    let facts = session.facts(run, followed)?.unwrap_or_default();
    let submission = session.submission(run)?;
    let leaders = submission.iter().flat_map(|submission| {
        let pod = |leader| facts.pod_of(&submission.layout, leader);
        submission.leaders().map(pod)
    });
    // A task that has ended needs nobody's word; one whose pod does not run yet can't be asked.
    let tasks = submission.as_ref().is_some_and(|submission| submission.tasks);
    let left: Vec<Option<&PodFacts>> =
        leaders.filter(|pod| !tasks || !pod.is_some_and(has_ended)).collect();
    let mut refused = Vec::new();
    let mut asked = 0;
    for pod in left.iter().flatten().filter(|pod| pod.running && pod.lives() && !pod.node_lost) {
        match ask(session, run, pod, by) {
            Ok(()) => asked += 1,
            Err(error) => refused.push(format!(
                "the agent in {} can't be reached ({error}); its Jobs are deleted instead",
                pod.name
            )),
        }
    }
    // The gang would wait for those who never came before it tells its end: whoever has no pod that runs
    // has nothing to end.
    let has_come = |replica: &ReplicaId| {
        let pod = submission.as_ref().and_then(|known| facts.pod_of(&known.layout, replica));
        pod.is_some_and(PodFacts::has_log)
    };
    let jobs = submission.iter().flat_map(|submission| &submission.layout.jobs);
    let all_came = jobs.flat_map(|job| &job.replicas).all(has_come);
    if asked > 0 && asked == left.len() && all_came {
        return Ok(Vec::new());
    }
    let cluster = session.cluster()?;
    let change = json!({"metadata": {"annotations": {annotation::CANCELLED_BY: by}}});
    session.block_on(cluster.change::<ConfigMap>(&run.run, &change))?;
    delete_jobs(session, run)?;
    Ok(refused.into_iter().map(Notice).collect())
}

/// The pod's agent has left a verdict: its index gets no other pod.
fn has_ended(pod: &PodFacts) -> bool {
    let message = pod.ended.as_ref().and_then(|ended| ended.message.as_ref());
    message.is_some_and(|message| message.verdict.is_some())
}

/// Deletes the Jobs of a run. They stay visible until their pods have ended.
pub(crate) fn delete_jobs(session: &Session, run: &RunPaths) -> Result<(), RuntimeError> {
    let cluster = session.cluster()?;
    for name in session.current(run)?.jobs.keys() {
        session.block_on(cluster.delete::<Job>(name, &DeleteParams::foreground()))?;
    }
    Ok(())
}

/// Deletes the Jobs of a run that has ended and of which no pod has ever run. Their pods would wait
/// for room, and then for a gang that has ended.
pub(crate) fn delete_unplaced(session: &Session, run: &RunPaths) -> Result<(), RuntimeError> {
    let followed = session.is_followed(&run.run);
    let Some(facts) = session.facts(run, followed)? else { return Ok(()) };
    let cluster = session.cluster()?;
    for job in facts.jobs.values().filter(|job| !job.gone && job.end.is_none()) {
        let pods = facts.pods.values().filter(|pod| pod.job == job.name);
        if pods.clone().all(|pod| !pod.running && pod.ended.is_none()) {
            session.block_on(cluster.delete::<Job>(&job.name, &DeleteParams::background()))?;
        }
    }
    Ok(())
}

/// Ends whatever is left of a run at once, without a grace period. Its record stays.
pub(crate) fn remove(session: &Session, run: &RunPaths) -> Result<(), RuntimeError> {
    let facts = session.current(run)?;
    let cluster = session.cluster()?;
    for job in facts.jobs.keys() {
        session.block_on(cluster.delete::<Job>(job, &DeleteParams::background()))?;
    }
    for pod in facts.pods.values().filter(|pod| pod.lives()) {
        let now = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
        session.block_on(cluster.delete::<Pod>(&pod.name, &now))?;
    }
    Ok(())
}

/// Asks the primary's agent to cancel.
fn ask(session: &Session, run: &RunPaths, pod: &PodFacts, by: &str) -> io::Result<()> {
    match crate::sys::read_own(&run.token()) {
        Ok(token) => ask_primary(session, run, pod, &token, by),
        Err(_) => ask_within(session, run, pod, by),
    }
}

/// Asks in the agents' own protocol over a port-forward of the API server: the machine that has
/// submitted the run knows the gang's token.
fn ask_primary(
    session: &Session,
    run: &RunPaths,
    pod: &PodFacts,
    token: &[u8],
    by: &str,
) -> io::Result<()> {
    let cluster = session.cluster().map_err(io::Error::other)?;
    let name = pod.name.clone();
    let forward = async {
        let api = cluster.api::<Pod>();
        let opened = tokio::time::timeout(PORT_FORWARD_LIMIT, api.portforward(&name, &[GANG_PORT]));
        let mut forwarder = opened
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))?
            .map_err(|error| io::Error::other(cluster.target.explain(error)))?;
        let stream = forwarder.take_stream(GANG_PORT);
        let mut stream = stream.ok_or_else(|| io::Error::other("the port was not forwarded"))?;
        // Not a port of this machine: any of its users could take the only connection to it.
        let (here, there) = std::os::unix::net::UnixStream::pair()?;
        there.set_nonblocking(true)?;
        let mut there = UnixStream::from_std(there)?;
        let pump = tokio::spawn(async move {
            // Either end may close first.
            let _ = copy_bidirectional(&mut there, &mut stream).await;
            drop(forwarder);
        });
        Ok::<_, io::Error>((here, pump))
    };
    let (here, pump) = session.block_on(forward)?;
    let asked = agent::cancel_over(here, token, &run.run, by);
    pump.abort();
    asked
}

/// Lets the primary's pod ask its own agent, which takes the gang's token from the run's Secret.
/// This machine may not read that, and doesn't know the token when another one has submitted the run.
fn ask_within(session: &Session, run: &RunPaths, pod: &PodFacts, by: &str) -> io::Result<()> {
    let cluster = session.cluster().map_err(io::Error::other)?;
    let argv = [PROGRAM, "agent-cancel", "--", &run.run, by];
    let params = AttachParams {
        container: Some(MAIN.into()),
        stdout: false,
        stderr: true,
        ..AttachParams::default()
    };
    let asked = async {
        let api = cluster.api::<Pod>();
        let mut process = api.exec(&pod.name, argv, &params).await?;
        let mut said = String::new();
        if let Some(errors) = process.stderr() {
            // A command that can't be heard has an exit code all the same.
            let _ = errors.take(SAID_LIMIT).read_to_string(&mut said).await;
        }
        let status = match process.take_status() {
            Some(status) => status.await,
            None => None,
        };
        Ok::<_, kube::Error>((status.as_ref().and_then(exit_code), said))
    };
    let asked = session.block_on(async { tokio::time::timeout(EXEC_LIMIT, asked).await });
    let (code, said) = asked
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time"))?
        .map_err(|error| io::Error::other(cluster.target.explain(error)))?;
    match code {
        Some(0) => Ok(()),
        _ => Err(io::Error::other(said.trim().to_owned())),
    }
}
