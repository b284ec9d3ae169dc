//! One guarded process as its agent sees it: start, output, signals, end.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::guard::{Order, Report, kin};
use crate::gang::{ExitStatus, FailureClass};
use crate::sys;

/// The end of a line has come within this time, or the part that is there is passed on.
const LINE_END_LIMIT: Duration = Duration::from_millis(200);

/// How many bytes a line may have before it is passed on in pieces.
const LINE_LIMIT: usize = 64 << 10;

/// A program to be run.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// The program and its arguments.
    pub(super) argv: Vec<String>,
    /// All variables of its environment: none is inherited.
    pub(super) env: Vec<(String, String)>,
    /// The working folder.
    pub(super) cwd: PathBuf,
    /// What it starts in sessions of their own outlives it.
    pub(super) lets_go: bool,
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It ran and ended.
    Exited(ExitStatus),
    /// It could not be started.
    NotStarted { errno: Option<i32>, reason: String },
    /// Its guard was killed, so it was killed too.
    GuardLost,
    /// What it reads could not be fetched, or what it wrote could not be kept.
    Failed { class: FailureClass, reason: String },
}

/// Takes pieces of output: whole lines, but for very long or very slow ones.
pub(super) type Sink = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// Signals a process that runs in another thread, before, during and after its life.
#[derive(Clone, Debug, Default)]
pub(super) struct Control(Arc<Mutex<ControlState>>);

#[derive(Debug, Default)]
struct ControlState {
    socket: Option<UnixStream>,
    terminated: bool,
    killed: bool,
}

impl Control {
    /// Sends SIGTERM to the process's group; when it has not started yet, as soon as it has.
    pub(super) fn terminate(&self) {
        let mut state = self.lock();
        state.terminated = true;
        state.send(&Order::Terminate);
    }

    /// Sends SIGKILL to the process and everything that it started.
    pub(super) fn kill(&self) {
        let mut state = self.lock();
        state.killed = true;
        state.send(&Order::Kill);
    }

    /// [`Self::terminate`] or [`Self::kill`] was called, so that no further step may start.
    pub(super) fn is_ended(&self) -> bool {
        let state = self.lock();
        state.killed || state.terminated
    }

    /// [`Self::kill`] was called.
    pub(super) fn is_killed(&self) -> bool {
        self.lock().killed
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ControlState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ControlState {
    fn send(&mut self, order: &Order) {
        let Some(socket) = &mut self.socket else { return };
        // A guard that is gone has nothing left to signal.
        let _ = write_order(socket, order);
    }
}

fn write_order(socket: &mut UnixStream, order: &Order) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(order)?;
    line.push(b'\n');
    socket.write_all(&line)
}

/// Runs a program behind a guard to its end, in this thread. `exe` is the path of this program,
/// which is the guard too; `started` gets the process id of the program.
pub(super) fn run(
    exe: &Path,
    program: &Program,
    sink: &Sink,
    control: &Control,
    started: impl FnOnce(i32),
) -> std::io::Result<Ended> {
    let (agent_end, guard_end) = UnixStream::pair()?;
    // One pipe takes both streams: of two, nobody could tell what was printed before what, and an exception
    // would stand in the middle of the lines before it.
    let (output, write_end) = std::io::pipe()?;
    let mut guard = Command::new(exe)
        .arg("agent-guard")
        .env_clear()
        .stdin(Stdio::from(OwnedFd::from(guard_end)))
        .stdout(Stdio::from(write_end.try_clone()?))
        .stderr(Stdio::from(write_end))
        .process_group(0)
        .spawn()?;
    let reading = reader(OwnedFd::from(output), sink);
    let mut orders = agent_end.try_clone()?;
    let Program { argv, mut env, cwd, lets_go } = program.clone();
    // What the agent inherited tells of another folder.
    env.retain(|(name, _)| name != "PWD");
    env.push(("PWD".to_owned(), cwd.to_string_lossy().into_owned()));
    write_order(&mut orders, &Order::Start { argv, env, cwd, lets_go })?;
    control.lock().socket = Some(orders);
    let mut started = Some(started);
    let mut ended = Ended::GuardLost;
    for line in BufReader::new(agent_end).lines() {
        match line.ok().and_then(|line| serde_json::from_str(&line).ok()) {
            Some(Report::Started { pid }) => {
                started.take().into_iter().for_each(|tell| tell(pid));
                // It may have been told to end before it had a process group.
                let mut state = control.lock();
                if state.killed {
                    state.send(&Order::Kill);
                } else if state.terminated {
                    state.send(&Order::Terminate);
                }
            }
            Some(Report::Failed { errno, reason }) => ended = Ended::NotStarted { errno, reason },
            Some(Report::Exited { status }) => ended = Ended::Exited(status),
            None => break,
        }
    }
    control.lock().socket = None;
    if ended == Ended::GuardLost {
        // Without a number of its own there is nothing to signal: 0 would mean this process's
        // group.
        if let Ok(pid) = i32::try_from(guard.id()) {
            sys::signal(pid, Signal::KILL);
        }
        sys::kill_descendants(Duration::from_secs(8), kin(program.lets_go));
    }
    // The agent may have reaped it already, together with its other children.
    let _ = guard.wait();
    // A reader can't panic; there is nothing to learn from its end.
    let _ = reading.join();
    Ok(ended)
}

/// Reads a pipe in a thread of its own until every writer has closed it. Whatever is made of the output,
/// it is taken: a command whose pipe nobody reads would stop, or be killed for it.
fn reader(pipe: OwnedFd, sink: &Sink) -> std::thread::JoinHandle<()> {
    let sink = Arc::clone(sink);
    let sink = move |bytes: &[u8]| {
        // A fault in there is told by the panic's own hook.
        let _ = catch_unwind(AssertUnwindSafe(|| sink(bytes)));
    };
    std::thread::spawn(move || {
        let mut file = std::fs::File::from(pipe);
        let mut pending: Vec<u8> = Vec::new();
        let mut chunk = vec![0; LINE_LIMIT];
        loop {
            if !pending.is_empty() && !readable_within(&file, LINE_END_LIMIT) {
                sink(&pending);
                pending.clear();
            }
            match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => pending.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
            let whole =
                pending.iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |at| at + 1);
            let ready = if pending.len() > LINE_LIMIT { pending.len() } else { whole };
            if ready > 0 {
                sink(&pending[..ready]);
                pending.drain(..ready);
            }
        }
        if !pending.is_empty() {
            sink(&pending);
        }
    })
}

/// There is something to read within this time, or the pipe is closed.
fn readable_within(file: &impl AsFd, limit: Duration) -> bool {
    let mut fds = [PollFd::new(file, PollFlags::IN)];
    let limit = Timespec {
        tv_sec: limit.as_secs().try_into().unwrap_or(i64::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    };
    !matches!(poll(&mut fds, Some(&limit)), Ok(0))
}
