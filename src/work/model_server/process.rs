//! One life of a server: its start, its output, its end.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

use super::launch::Launch;
use super::tail::Tail;
use crate::sys;
use crate::text;

/// A longer line of output is passed on in pieces.
const LINE_LIMIT: usize = 16 << 10;
/// What a dead server printed last has been read within this time, unless something that it started
/// still holds its output.
const REST_LIMIT: Duration = Duration::from_secs(2);

/// Takes a server's output, line by line, without the line's end.
pub type Output = Arc<dyn Fn(&str) + Send + Sync>;

/// A server that runs.
pub(super) struct Running {
    child: Child,
    group: i32,
    tail: Arc<Mutex<Tail>>,
    readers: Vec<JoinHandle<()>>,
}

impl Running {
    /// Starts it in a process group of its own.
    pub(super) fn start(launch: &Launch, output: &Output) -> io::Result<Self> {
        let (program, args) =
            launch.argv.split_first().ok_or_else(|| io::Error::other("it has no command"))?;
        let mut child = Command::new(program)
            .args(args)
            .env_clear()
            .envs(&launch.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).unwrap_or_default();
        let tail = Arc::<Mutex<Tail>>::default();
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(tokio::spawn(read(pipe, Arc::clone(output), Arc::clone(&tail))));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.push(tokio::spawn(read(pipe, Arc::clone(output), Arc::clone(&tail))));
        }
        Ok(Self { child, group, tail, readers })
    }

    /// Waits until it has ended by itself.
    pub(super) async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => told(status),
            Err(error) => format!("can't be waited for: {error}"),
        }
    }

    /// Ends what it has started too, and gives its last lines.
    pub(super) async fn rest(mut self) -> String {
        sys::signal_group(self.group, Signal::KILL);
        for reader in &mut self.readers {
            // What is not read by then stays unread; the reader ends with its pipe.
            let _ = tokio::time::timeout(REST_LIMIT, reader).await;
        }
        self.tail.lock().unwrap_or_else(PoisonError::into_inner).told()
    }

    /// Ends it: SIGTERM, and SIGKILL after `grace`, for TF Serving ignores SIGTERM.
    pub(super) async fn end(mut self, grace: Duration) -> String {
        sys::signal_group(self.group, Signal::TERM);
        if tokio::time::timeout(grace, self.child.wait()).await.is_err() {
            sys::signal_group(self.group, Signal::KILL);
            // It can't refuse.
            let _ = self.child.wait().await;
        }
        self.rest().await
    }
}

/// How a process ended, after `the model server`.
fn told(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (_, Some(9)) => "was killed by SIGKILL, as by a lack of memory".to_owned(),
        (_, Some(signal)) => format!("was killed by {}", text::signal_name(signal)),
        (Some(code), None) => format!("ended with exit code {code}"),
        (None, None) => "ended".to_owned(),
    }
}

async fn read(pipe: impl AsyncRead + Unpin, output: Output, tail: Arc<Mutex<Tail>>) {
    let mut pipe = BufReader::with_capacity(LINE_LIMIT, pipe);
    let mut line: Vec<u8> = Vec::new();
    let pass = |line: &mut Vec<u8>| {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        output(text);
        tail.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        line.clear();
    };
    loop {
        let (taken, whole) = match pipe.fill_buf().await {
            Ok([]) | Err(_) => break,
            Ok(bytes) => match memchr::memchr(b'\n', bytes) {
                Some(at) => (bytes[..=at].to_vec(), true),
                None => (bytes.to_vec(), false),
            },
        };
        pipe.consume(taken.len());
        line.extend(taken);
        if whole || line.len() >= LINE_LIMIT {
            pass(&mut line);
        }
    }
    if !line.is_empty() {
        pass(&mut line);
    }
}
