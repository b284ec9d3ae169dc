//! The process between an agent and a command: nothing of the command outlives either of them.
//!
//! Its standard input is one end of a socket pair to the agent, with JSON lines both ways. When the
//! agent dies the socket closes, and the guard kills every descendant of the command; when the guard
//! dies the agent, a subreaper too, inherits and kills them. Children that called `setsid` stay below
//! a subreaper, so they are found as well.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::gang::ExitStatus;
use crate::sys;

/// How long the guard tries to kill what is left.
const KILL_LIMIT: Duration = Duration::from_secs(8);

/// Agent to guard.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub(super) enum Order {
    /// The first one: run this.
    Start {
        /// Program and arguments.
        argv: Vec<String>,
        /// The whole environment.
        env: Vec<(String, String)>,
        /// The working folder.
        cwd: PathBuf,
    },
    /// SIGTERM to the command's process group.
    Terminate,
    /// SIGKILL to all descendants.
    Kill,
}

/// Guard to agent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub(super) enum Report {
    /// The command runs.
    Started {
        /// Its process id.
        pid: i32,
    },
    /// It could not be started.
    Failed {
        /// The system's error number, if there is one.
        errno: Option<i32>,
        /// The system's words.
        reason: String,
    },
    /// It ended, and so did everything that it started.
    Exited {
        /// How.
        status: ExitStatus,
    },
}

/// The guard's process: returns when nothing of the command is left.
pub fn run() -> u8 {
    match guard() {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn guard() -> std::io::Result<()> {
    sys::become_subreaper()?;
    let mut control = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut orders = BufReader::new(control.try_clone()?);
    let mut line = String::new();
    orders.read_line(&mut line)?;
    let Order::Start { argv, env, cwd } = serde_json::from_str(&line)? else { return Ok(()) };
    let Some((program, args)) = argv.split_first() else { return Ok(()) };
    let child = Command::new(program)
        .args(args)
        .env_clear()
        .envs(env)
        .current_dir(cwd)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    let pid = match child {
        Ok(child) => i32::try_from(child.id()).unwrap_or(i32::MAX),
        Err(error) => {
            let report = Report::Failed { errno: error.raw_os_error(), reason: error.to_string() };
            return tell(&mut control, &report);
        }
    };
    tell(&mut control, &Report::Started { pid })?;
    let group = Arc::new(AtomicI32::new(pid));
    let target = Arc::clone(&group);
    std::thread::spawn(move || obey(orders, &target));
    let status = loop {
        match sys::wait_any() {
            Some((ended, status)) if ended == pid => break exit_status(status),
            Some(_) => {}
            None => break ExitStatus::Signal(Signal::KILL.as_raw()),
        }
    };
    group.store(0, Ordering::SeqCst);
    sys::kill_descendants(KILL_LIMIT);
    sys::reap(|_, _| {});
    tell(&mut control, &Report::Exited { status })
}

/// Carries out orders until the agent is gone; then nothing may be left.
fn obey(mut orders: BufReader<UnixStream>, group: &AtomicI32) {
    let mut line = String::new();
    while matches!(orders.read_line(&mut line), Ok(count) if count > 0) {
        match serde_json::from_str(&line) {
            Ok(Order::Terminate) => sys::signal_group(group.load(Ordering::SeqCst), Signal::TERM),
            Ok(Order::Kill) => {
                sys::kill_descendants(KILL_LIMIT);
            }
            Ok(Order::Start { .. }) | Err(_) => {}
        }
        line.clear();
    }
    sys::kill_descendants(KILL_LIMIT);
}

fn tell(control: &mut UnixStream, report: &Report) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    control.write_all(&line)
}

fn exit_status(status: rustix::process::WaitStatus) -> ExitStatus {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => ExitStatus::Code(code),
        (None, Some(signal)) => ExitStatus::Signal(signal),
        (None, None) => ExitStatus::Signal(Signal::KILL.as_raw()),
    }
}
