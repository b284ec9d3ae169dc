//! A command beside a replica's, streamed through the API server.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Status;
use kube::api::{AttachParams, TerminalSize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::endpoints;
use super::session::Session;
use crate::agent::pod::PROGRAM;
use crate::gang::ReplicaId;
use crate::runtime::kubernetes::client::{names_kubelet, of_kubelet};
use crate::runtime::kubernetes::follow::node_lost_message;
use crate::runtime::kubernetes::objects::MAIN;
use crate::runtime::{ClusterError, ExecRequest, RuntimeError};
use crate::store::RunPaths;

/// How often the size of the terminal is compared with what the command was told.
const RESIZE_PACE: Duration = Duration::from_millis(500);

/// Runs a command beside a replica's to its end, and gives its exit status.
pub(crate) fn exec(
    session: &Session,
    run: &RunPaths,
    replica: &ReplicaId,
    request: &ExecRequest,
) -> Result<u8, RuntimeError> {
    let gone = || RuntimeError::Unsupported(format!("{replica} runs no command now"));
    let submission = session.submission(run)?.ok_or_else(gone)?;
    let facts = session.facts(run, false)?.unwrap_or_default();
    let pod =
        facts.pod_of(&submission.layout, replica).filter(|pod| pod.running).ok_or_else(gone)?;
    if pod.node_lost {
        let why = format!("{replica} is on it; {}", node_lost_message(pod));
        return Err(ClusterError::Node(why).into());
    }
    beside(session, &pod.name, request)
}

/// The same beside the server of an endpoint's replica, which is a pod.
pub(crate) fn exec_in(
    session: &Session,
    endpoint: &RunPaths,
    pod: &str,
    request: &ExecRequest,
) -> Result<u8, RuntimeError> {
    if !endpoints::has_replica(session, endpoint, pod)? {
        return Err(RuntimeError::Unsupported(format!("{pod} is no replica that runs now")));
    }
    beside(session, pod, request)
}

fn beside(session: &Session, pod: &str, request: &ExecRequest) -> Result<u8, RuntimeError> {
    let cluster = session.cluster()?;
    let terminal = &request.terminal;
    let tty = terminal.is_interactive();
    let params = AttachParams {
        container: Some(MAIN.into()),
        stdin: true,
        stdout: true,
        stderr: !tty,
        tty,
        ..AttachParams::default()
    };
    // The agent's program finds the environment and the working folder of the replica's command.
    let mut argv = vec![PROGRAM.to_owned(), "agent-beside".into(), "--".into()];
    argv.extend(request.argv.iter().cloned());
    let raw = if tty { Some(terminal.raw()?) } else { None };
    let status = session.block_on(async {
        let api = cluster.api::<Pod>();
        let mut process = api.exec(pod, &argv, &params).await?;
        if tty && let Some(mut size) = process.terminal_size() {
            let terminal = Arc::clone(terminal);
            tokio::spawn(async move {
                let mut last = (0, 0);
                loop {
                    if let Some((width, height)) = terminal.size()
                        && last != (width, height)
                    {
                        last = (width, height);
                        let size_now = TerminalSize { width, height };
                        if futures::SinkExt::send(&mut size, size_now).await.is_err() {
                            return;
                        }
                    }
                    tokio::time::sleep(RESIZE_PACE).await;
                }
            });
        }
        if let Some(mut writer) = process.stdin() {
            // A read of a terminal can't be broken off, so it stays behind on a thread of its own.
            let (lines, mut queue) = tokio::sync::mpsc::channel::<Vec<u8>>(16);
            let mut input = terminal.input();
            std::thread::spawn(move || {
                let mut chunk = [0; 4096];
                while let Ok(count) = input.read(&mut chunk) {
                    if count == 0 || lines.blocking_send(chunk[..count].to_vec()).is_err() {
                        return;
                    }
                }
            });
            tokio::spawn(async move {
                while let Some(bytes) = queue.recv().await {
                    if writer.write_all(&bytes).await.is_err() {
                        return;
                    }
                    let _ = writer.flush().await;
                }
                let _ = writer.shutdown().await;
            });
        }
        let out = process.stdout().map(|from| tokio::spawn(pump(from, terminal.output())));
        let err = process.stderr().map(|from| tokio::spawn(pump(from, terminal.errors())));
        let status = process.take_status();
        for copy in [out, err].into_iter().flatten() {
            let _ = copy.await;
        }
        Ok::<_, kube::Error>(match status {
            Some(status) => status.await,
            None => None,
        })
    });
    drop(raw);
    let status = status.map_err(|error| cluster.target.explain(error))?;
    let Some(status) = status else {
        return Err(RuntimeError::Unsupported("the connection was cut before the end".into()));
    };
    exit_code(&status).ok_or_else(|| match status.message.unwrap_or_default() {
        said if names_kubelet(&said) => ClusterError::Node(of_kubelet(&said)).into(),
        said => RuntimeError::Unsupported(said),
    })
}

/// With which exit code a command in a pod has ended; `None` when it has not run.
pub(super) fn exit_code(status: &Status) -> Option<u8> {
    if status.status.as_deref() == Some("Success") {
        return Some(0);
    }
    let causes = status.details.iter().flat_map(|details| details.causes.iter().flatten());
    causes
        .filter(|cause| cause.reason.as_deref() == Some("ExitCode"))
        .find_map(|cause| cause.message.as_deref()?.parse().ok())
}

/// Copies a stream to its end, or until nobody takes it any more.
async fn pump(mut from: impl tokio::io::AsyncRead + Unpin, mut to: impl io::Write) {
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(count) = from.read(&mut chunk).await {
        if count == 0 || to.write_all(&chunk[..count]).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
}
