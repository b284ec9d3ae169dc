//! What a process may ask of the kernel for itself and for its children, and of its machine.

use std::io;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, WaitOptions, WaitStatus};

/// Orphans among this process's descendants become its children instead of init's.
pub fn become_subreaper() -> io::Result<()> {
    Ok(rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?)
}

/// This process gets SIGKILL when its parent's thread ends; kept over `execve`.
/// Fails when the parent is no longer `parent`, so that no moment is left uncovered.
pub fn die_with_parent(parent: i32) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let now = rustix::process::getppid().map_or(0, Pid::as_raw_pid);
    if now == parent { Ok(()) } else { Err(io::Error::other("the parent has ended")) }
}

/// Leaves the session of whoever started this process: a closing terminal doesn't reach it.
pub fn leave_session() {
    // It fails for the leader of a process group only, who may as well stay.
    let _ = rustix::process::setsid();
}

/// A path that starts this very program again, even after an upgrade has replaced its file.
pub fn own_program() -> PathBuf {
    PathBuf::from("/proc/self/exe")
}

/// Sends a signal to one process. Nothing happens when it is gone or belongs to another user.
pub fn signal(pid: i32, signal: Signal) {
    // 0, 1 and negative numbers would mean a group, init or everybody.
    if let Some(pid) = Pid::from_raw(pid).filter(|pid| pid.as_raw_pid() > 1) {
        let _ = rustix::process::kill_process(pid, signal);
    }
}

/// Sends a signal to all processes of a group. Nothing happens when the group is gone.
pub fn signal_group(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group).filter(|pid| pid.as_raw_pid() > 1) {
        let _ = rustix::process::kill_process_group(group, signal);
    }
}

/// Reaps every child that has ended, without waiting for others; `ended` gets each one's process id
/// and status.
pub fn reap(mut ended: impl FnMut(i32, WaitStatus)) {
    while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
        ended(pid.as_raw_pid(), status);
    }
}

/// Waits until any child has ended, adopted orphans too, and returns its process id and status;
/// `None` when no child is left.
pub fn wait_any() -> Option<(i32, WaitStatus)> {
    loop {
        match rustix::process::wait(WaitOptions::empty()) {
            Ok(Some((pid, status))) => return Some((pid.as_raw_pid(), status)),
            Ok(None) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

/// The machine's host name, without a domain where the machine is set up so.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Bytes that this user may still write where `path` is; `None` when that can't be known.
pub fn free_space(path: &std::path::Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(path).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// A word that nobody can guess: `bytes` random bytes as twice as many hexadecimal digits.
pub fn random_word(bytes: usize) -> io::Result<String> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(io::Error::other)?;
    Ok(buffer.iter().fold(String::new(), |word, byte| word + &format!("{byte:02x}")))
}

/// Whether `dir` is a folder in which this process may make files.
pub fn is_writable(dir: &std::path::Path) -> bool {
    use rustix::fs::Access;
    dir.is_dir() && rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// Whether this machine takes IPv6 connections.
pub fn has_ipv6() -> bool {
    std::net::TcpListener::bind("[::]:0").is_ok()
}
