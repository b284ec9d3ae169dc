//! The process between an agent and a command: nothing of the command outlives either of them.
//!
//! Its standard input is one end of a socket pair to the agent, with JSON lines both ways. When the
//! agent dies the socket closes, and the guard kills every descendant of the command; when the
//! guard dies the agent, a subreaper too, inherits and kills them. Children that called `setsid`
//! stay below a subreaper, so they are found as well.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
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
use crate::sys::{self, Kin};

/// What is left of the command has died within this time, or the guard gives up.
const KILL_LIMIT: Duration = Duration::from_secs(8);

/// The same limit when the agent is gone, so that nobody else is left to kill it.
const ORPHAN_KILL_LIMIT: Duration = Duration::from_mins(10);

/// What an agent tells its guard.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "do")]
pub(super) enum Order {
    /// Run this program. It is the first order, and there is only one of it.
    Start {
        /// The program and its arguments.
        argv: Vec<String>,
        /// All variables of its environment: none is inherited.
        env: Vec<(String, String)>,
        /// The working folder.
        cwd: PathBuf,
        /// What the command starts in sessions of their own is none of the guard's business.
        #[serde(default)]
        lets_go: bool,
    },
    /// Send SIGTERM to the command's process group.
    Terminate,
    /// Send SIGKILL to all descendants of the guard.
    Kill,
}

/// What a guard tells its agent.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "is")]
pub(super) enum Report {
    /// The command runs.
    Started {
        /// The process id of the command.
        pid: i32,
    },
    /// It could not be started.
    Failed {
        /// The system's error number, if there is one.
        errno: Option<i32>,
        /// The reason, for people.
        reason: String,
    },
    /// It ended, and so did everything that it started.
    Exited {
        /// The exit code of the command, or the signal that ended it.
        status: ExitStatus,
    },
}

/// Runs the guard's process to its end, and gives its exit status. It returns when nothing of the
/// command is left. `exe` is the path of this program.
pub fn run(exe: &std::path::Path) -> u8 {
    match guard(exe) {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

/// The command's process before it is the command: it dies with its guard, so that nothing runs on
/// when agent and guard are killed at once. Returns only when the command can't be started, with a
/// shell's status for that.
pub fn exec(guard: i32, argv: &[String]) -> u8 {
    let Some((program, args)) = argv.split_first() else { return 127 };
    if sys::die_with_parent(guard).is_err() {
        return 127;
    }
    let error = Command::new(program).args(args).exec();
    if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }
}

/// Starts the command by the agent's first order, follows further orders, and reports the end.
fn guard(exe: &std::path::Path) -> std::io::Result<()> {
    sys::become_subreaper()?;
    let mut socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut orders = BufReader::new(socket.try_clone()?);
    let mut line = String::new();
    orders.read_line(&mut line)?;
    let Order::Start { argv, env, cwd, lets_go } = serde_json::from_str(&line)? else {
        return Ok(());
    };
    let kin = kin(lets_go);
    if let Err(reason) = find(&argv, &env, &cwd) {
        return tell(&mut socket, &Report::Failed { errno: None, reason });
    }
    let child = Command::new(exe)
        .arg("agent-exec")
        .arg(std::process::id().to_string())
        .arg("--")
        .args(&argv)
        .env_clear()
        .envs(env)
        .current_dir(cwd)
        .stdin(Stdio::null())
        .process_group(0)
        .spawn();
    let pid = match child {
        Ok(child) => i32::try_from(child.id()).map_err(std::io::Error::other)?,
        Err(error) => {
            let report = Report::Failed { errno: error.raw_os_error(), reason: error.to_string() };
            return tell(&mut socket, &report);
        }
    };
    tell(&mut socket, &Report::Started { pid })?;
    let group = Arc::new(AtomicI32::new(pid));
    let target = Arc::clone(&group);
    std::thread::spawn(move || follow_orders(orders, &target, kin));
    let status = loop {
        match sys::wait_any() {
            Some((ended, status)) if ended == pid => break exit_status(status),
            Some(_) => {}
            None => break ExitStatus::Signal(Signal::KILL.as_raw()),
        }
    };
    group.store(0, Ordering::SeqCst);
    sys::kill_descendants(KILL_LIMIT, kin);
    sys::reap(|_, _| {});
    tell(&mut socket, &Report::Exited { status })
}

/// Carries out orders until the agent is gone. Then everything that is left of the command is
/// killed.
fn follow_orders(mut orders: BufReader<UnixStream>, group: &AtomicI32, kin: Kin) {
    let mut line = String::new();
    while matches!(orders.read_line(&mut line), Ok(count) if count > 0) {
        match serde_json::from_str(&line) {
            Ok(Order::Terminate) => sys::signal_group(group.load(Ordering::SeqCst), Signal::TERM),
            Ok(Order::Kill) => {
                sys::kill_descendants(KILL_LIMIT, kin);
            }
            Ok(Order::Start { .. }) | Err(_) => {}
        }
        line.clear();
    }
    sys::kill_descendants(ORPHAN_KILL_LIMIT, kin);
}

/// What ends with a command: everything that has come from it, unless it lets its runs go.
pub(super) fn kin(lets_go: bool) -> Kin {
    if lets_go { Kin::Session } else { Kin::All }
}

/// Looks for the program in the same way as `execvp`, and says why it can't be started. Once the
/// process is there, that failure could not be told from an exit of the command itself.
fn find(argv: &[String], env: &[(String, String)], cwd: &std::path::Path) -> Result<(), String> {
    let Some(program) = argv.first() else { return Err("there is no command".into()) };
    if program.contains('/') {
        let path = cwd.join(program);
        return match fs_err::metadata(&path) {
            Ok(found) if found.permissions().mode() & 0o111 == 0 || found.is_dir() => {
                Err(format!("{program} is not executable: chmod +x it"))
            }
            Ok(_) => Ok(()),
            Err(_) => Err(format!("{program} does not exist")),
        };
    }
    let path = env.iter().find(|(name, _)| name == "PATH").map_or("", |(_, value)| value.as_str());
    let found = std::env::split_paths(path).any(|dir| cwd.join(dir).join(program).is_file());
    if found { Ok(()) } else { Err(format!("there is no program {program} in PATH")) }
}

/// Sends one report to the agent.
fn tell(control: &mut UnixStream, report: &Report) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(report)?;
    line.push(b'\n');
    control.write_all(&line)
}

/// How a process ended, by what the kernel says of it.
fn exit_status(status: rustix::process::WaitStatus) -> ExitStatus {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => ExitStatus::Code(code),
        (None, Some(signal)) => ExitStatus::Signal(signal),
        (None, None) => ExitStatus::Signal(Signal::KILL.as_raw()),
    }
}
