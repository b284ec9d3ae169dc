//! One pod's log as a stream that survives cut connections and servers that restart.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::position::{Line, Position, Splitter};
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::client::{is_not_found, is_of_node};
use crate::runtime::kubernetes::objects::MAIN;

/// How many lines may wait for their reader. When there are more, nothing is read from the server
/// until some have been taken.
const QUEUED_LINES: usize = 10_000;
/// How many bytes are read at once.
pub(super) const CHUNK_BYTES: usize = 64 * 1024;
/// How often a silent stream is compared with the limits below.
const SILENCE_CHECK_PACE: Duration = Duration::from_secs(1);
/// A stream over which nothing has come for this long is opened anew: a cut connection looks the
/// same.
const SILENCE_LIMIT: Duration = Duration::from_mins(2);
/// The same limit once the pod has ended: nothing is written any more, so the stream should end.
const SILENCE_LIMIT_AFTER_END: Duration = Duration::from_secs(2);
/// The pause before the second connection. It doubles with each further one that brings nothing.
const FIRST_RECONNECT_PAUSE: Duration = Duration::from_millis(200);
/// The API server has opened a log within this time, or the node that has it is silent: a machine without
/// power refuses nothing.
pub(super) const OPEN_LIMIT: Duration = Duration::from_secs(15);
/// A log of which no more will be written is asked for so often while its node doesn't answer.
const TRIES_OF_NODE: u32 = 3;
/// The longest pause between two connections.
const LONGEST_RECONNECT_PAUSE: Duration = Duration::from_secs(5);

pub(super) fn params(container: &str, from: Position, follow: bool) -> LogParams {
    LogParams {
        container: Some(container.into()),
        follow,
        timestamps: true,
        since_time: from.since(),
        ..LogParams::default()
    }
}

pub(super) fn silent() -> ClusterError {
    ClusterError::Node(format!("no word of the log within {} s", OPEN_LIMIT.as_secs()))
}

/// There is no such log: the container has not started (400), or the pod is gone (404).
pub(super) fn is_missing(error: &kube::Error) -> bool {
    is_not_found(error) || matches!(error, kube::Error::Api(status) if status.code == 400)
}

/// A log that is followed in the background.
pub(crate) struct Tail {
    lines: Receiver<Line>,
    /// Set when the pod has ended. The task then reads what is left without following, and ends.
    ended: Arc<AtomicBool>,
    task: JoinHandle<()>,
    /// Why the rest can't be read; set before the task ends.
    unread: Arc<OnceLock<ClusterError>>,
}

impl Tail {
    /// Follows the log of a pod behind a position, in a task of its own that ends when this is
    /// dropped.
    pub(crate) fn start(runtime: &Handle, cluster: Cluster, pod: String, from: Position) -> Self {
        Self::start_of(runtime, cluster, (pod, MAIN), from)
    }

    /// The same of a pod's container.
    pub(crate) fn start_of(
        runtime: &Handle,
        cluster: Cluster,
        (pod, container): (String, &'static str),
        from: Position,
    ) -> Self {
        let (sender, lines) = channel(QUEUED_LINES);
        let ended = Arc::new(AtomicBool::new(false));
        let unread = Arc::default();
        let reading = Reading {
            cluster,
            pod,
            container,
            lines: sender,
            is_whole: true,
            unread: Arc::clone(&unread),
        };
        let task = runtime.spawn(reading.follow(from, Arc::clone(&ended)));
        Self { lines, ended, task, unread }
    }

    /// Reads what is there behind a position, and no further, in such a task. Of a pod that has `ended` a
    /// last line without a line end is complete.
    pub(crate) fn once(
        runtime: &Handle,
        cluster: Cluster,
        pod: String,
        from: Position,
        ended: bool,
    ) -> Self {
        let (sender, lines) = channel(QUEUED_LINES);
        let over = Arc::new(AtomicBool::new(true));
        let unread = Arc::default();
        let reading = Reading {
            cluster,
            pod,
            container: MAIN,
            lines: sender,
            is_whole: ended,
            unread: Arc::clone(&unread),
        };
        let task = runtime.spawn(reading.follow(from, Arc::clone(&over)));
        Self { lines, ended: over, task, unread }
    }

    /// Waits for lines; `None` when all have been taken.
    pub(crate) async fn next(&mut self) -> Option<Vec<Line>> {
        let first = self.lines.recv().await?;
        let mut lines = vec![first];
        while lines.len() < QUEUED_LINES
            && let Ok(line) = self.lines.try_recv()
        {
            lines.push(line);
        }
        Some(lines)
    }

    /// The lines that have come since the last call.
    pub(crate) fn take(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.try_recv() {
            lines.push(line);
        }
        lines
    }

    /// Says that nothing more will be written to the log, because its pod has ended.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// Everything has been read. Some lines may still wait to be taken by [`Self::take`].
    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Why the rest of what is there can't be read now: its node doesn't answer.
    pub(crate) fn unread(&self) -> Option<&ClusterError> {
        self.unread.get()
    }

    /// Everything has been read, and all of it was taken.
    pub(crate) fn is_done(&self) -> bool {
        self.task.is_finished() && self.lines.is_empty()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The log of a pod that is read in a task of its own.
struct Reading {
    cluster: Cluster,
    pod: String,
    container: &'static str,
    lines: Sender<Line>,
    /// What has no line end is a line, once the pod has ended.
    is_whole: bool,
    unread: Arc<OnceLock<ClusterError>>,
}

impl Reading {
    /// Reads the log over as many connections as it takes, until the pod has ended and its last line
    /// has been read, or until nobody takes the lines any more.
    async fn follow(self, from: Position, ended: Arc<AtomicBool>) {
        let api = self.cluster.api::<Pod>();
        let mut position = from;
        let mut pause = FIRST_RECONNECT_PAUSE;
        let mut tries = 0;
        loop {
            // This is read before the connection is opened, so that a connection which is the last one
            // holds everything that was written before the end.
            let last = ended.load(Ordering::SeqCst);
            let mut splitter = Splitter::new(position);
            let params = params(self.container, position, !last);
            let mut unread = None;
            let result = match timeout(OPEN_LIMIT, api.log_stream(&self.pod, &params)).await {
                Ok(Ok(stream)) => pump(stream, &mut splitter, &self.lines, &ended).await,
                Ok(Err(error)) if is_missing(&error) && last => return,
                Ok(Err(error)) if is_of_node(&error) => {
                    unread = Some(self.cluster.target.explain(error));
                    Ok(())
                }
                Ok(Err(error)) => Err(error),
                Err(_) => {
                    unread = Some(silent());
                    Ok(())
                }
            };
            if splitter.position() != position {
                pause = FIRST_RECONNECT_PAUSE;
            }
            position = splitter.position();
            match (result, unread) {
                (Ok(()), None) if last => {
                    if let Some(line) = splitter.finish().filter(|_| self.is_whole) {
                        // Nobody may take lines any more, and then this one is not wanted either.
                        let _ = self.lines.send(line).await;
                    }
                    return;
                }
                (_, Some(error)) if last => {
                    tries += 1;
                    if tries == TRIES_OF_NODE {
                        // It is set once.
                        let _ = self.unread.set(error);
                        return;
                    }
                }
                _ => {}
            }
            if self.lines.is_closed() {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_RECONNECT_PAUSE);
        }
    }
}

/// Sends the lines of one connection on until it ends or stays silent for too long.
async fn pump(
    stream: impl AsyncRead,
    splitter: &mut Splitter,
    lines: &Sender<Line>,
    ended: &AtomicBool,
) -> kube::Result<()> {
    let mut stream = std::pin::pin!(stream);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let mut silent = Duration::ZERO;
        let count = loop {
            match timeout(SILENCE_CHECK_PACE, stream.read(&mut chunk)).await {
                Ok(read) => break read.map_err(kube::Error::ReadEvents)?,
                Err(_) => silent += SILENCE_CHECK_PACE,
            }
            // A stream may outlive its pod, and a cut connection may look like silence.
            let limit =
                if ended.load(Ordering::SeqCst) { SILENCE_LIMIT_AFTER_END } else { SILENCE_LIMIT };
            if silent >= limit {
                return Ok(());
            }
        };
        if count == 0 {
            return Ok(());
        }
        for line in splitter.push(&chunk[..count]) {
            if lines.send(line).await.is_err() {
                return Ok(());
            }
        }
    }
}
