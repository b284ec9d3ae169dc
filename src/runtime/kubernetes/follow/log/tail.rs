//! One pod's log as a stream that survives cut connections and servers that restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::LogParams;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;

use super::position::{Line, Position, Splitter};
use crate::runtime::ClusterError;
use crate::runtime::kubernetes::client::Cluster;
use crate::runtime::kubernetes::client::is_not_found;
use crate::runtime::kubernetes::objects::MAIN;

/// Lines that may wait for their reader; then the server waits.
const QUEUE: usize = 10_000;
/// Bytes read at once.
const CHUNK: usize = 64 * 1024;
/// How often a silent stream is thought about.
const LISTEN: Duration = Duration::from_secs(1);
/// A stream that says nothing for so long is opened anew.
const SILENCE: Duration = Duration::from_mins(2);
/// The same once its pod has ended.
const LAST_SILENCE: Duration = Duration::from_secs(2);
/// Pauses between connections.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(5);

fn params(from: Position, follow: bool) -> LogParams {
    LogParams {
        container: Some(MAIN.into()),
        follow,
        timestamps: true,
        since_time: from.since(),
        ..LogParams::default()
    }
}

/// What a log holds behind a position; `ended` says that its last line is complete whatever stands
/// at its end. No log yet, or not any more, is an empty one.
pub(crate) async fn fetch(
    cluster: &Cluster,
    pod: &str,
    from: Position,
    ended: bool,
) -> Result<Vec<Line>, ClusterError> {
    let api = cluster.api::<Pod>();
    let params = params(from, false);
    let read = || async {
        let stream = api.log_stream(pod, &params).await?;
        let mut stream = std::pin::pin!(stream);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.map_err(kube::Error::ReadEvents)?;
        Ok(bytes)
    };
    let bytes = match cluster.retry(read).await {
        Ok(bytes) => bytes,
        Err(error) if is_missing(&error) => return Ok(Vec::new()),
        Err(error) => return Err(cluster.target.explain(error)),
    };
    let mut splitter = Splitter::new(from);
    let mut lines = splitter.push(&bytes);
    if ended {
        lines.extend(splitter.finish());
    }
    Ok(lines)
}

/// There is no such log: the container has not started, or the pod is gone.
fn is_missing(error: &kube::Error) -> bool {
    is_not_found(error) || matches!(error, kube::Error::Api(status) if status.code == 400)
}

/// A log that is followed in the background.
pub(crate) struct Tail {
    lines: Receiver<Line>,
    /// The pod has ended: the log has an end, and is read once more from there.
    ended: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Tail {
    /// Follows the log of a pod from a position.
    pub(crate) fn start(runtime: &Handle, cluster: Cluster, pod: String, from: Position) -> Self {
        let (sender, lines) = channel(QUEUE);
        let ended = Arc::new(AtomicBool::new(false));
        let task = runtime.spawn(follow(cluster, pod, from, sender, Arc::clone(&ended)));
        Self { lines, ended, task }
    }

    /// The lines that have come since the last call.
    pub(crate) fn take(&mut self) -> Vec<Line> {
        let mut lines = Vec::new();
        while let Ok(line) = self.lines.try_recv() {
            lines.push(line);
        }
        lines
    }

    /// Nothing more will be written to it.
    pub(crate) fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// Everything has been read; the last of it may still wait to be taken.
    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Everything has been read and taken.
    pub(crate) fn is_done(&self) -> bool {
        self.task.is_finished() && self.lines.is_empty()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(
    cluster: Cluster,
    pod: String,
    from: Position,
    lines: Sender<Line>,
    ended: Arc<AtomicBool>,
) {
    let api = cluster.api::<Pod>();
    let mut position = from;
    let mut pause = FIRST_PAUSE;
    loop {
        // Looked at before the connection: what was written before the end is in it then.
        let last = ended.load(Ordering::SeqCst);
        let mut splitter = Splitter::new(position);
        let result = match api.log_stream(&pod, &params(position, !last)).await {
            Ok(stream) => pump(stream, &mut splitter, &lines, &ended).await,
            Err(error) if is_missing(&error) && last => return,
            Err(error) => Err(error),
        };
        if splitter.position() != position {
            pause = FIRST_PAUSE;
        }
        position = splitter.position();
        if last && result.is_ok() {
            if let Some(line) = splitter.finish() {
                // The reader may have gone.
                let _ = lines.send(line).await;
            }
            return;
        }
        if lines.is_closed() {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

async fn pump(
    stream: impl AsyncRead,
    splitter: &mut Splitter,
    lines: &Sender<Line>,
    ended: &AtomicBool,
) -> kube::Result<()> {
    let mut stream = std::pin::pin!(stream);
    let mut chunk = vec![0; CHUNK];
    loop {
        let mut silent = Duration::ZERO;
        let count = loop {
            match tokio::time::timeout(LISTEN, stream.read(&mut chunk)).await {
                Ok(read) => break read.map_err(kube::Error::ReadEvents)?,
                Err(_) => silent += LISTEN,
            }
            // A stream may outlive its pod, and a cut connection may look like silence.
            let limit = if ended.load(Ordering::SeqCst) { LAST_SILENCE } else { SILENCE };
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
