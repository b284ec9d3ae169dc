//! A program that listens at a port of this machine for as long as a test lasts.

use std::ffi::OsStr;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::support::{cache, repository, wait_for};

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The folder of a peer that `tests/peers/pins` names, brought when need be.
pub fn folder(peer: &str) -> PathBuf {
    folder_with(peer, &std::env::var_os("PATH").unwrap_or_default())
}

/// The same of a peer that is Python packages, for the `python3` of another `PATH`.
pub fn folder_with(peer: &str, path: &OsStr) -> PathBuf {
    // One at a time says what it does, the others find it done.
    static BRINGING: Mutex<()> = Mutex::new(());
    let _alone = BRINGING.lock().unwrap_or_else(PoisonError::into_inner);
    let build = repository().join("tests/peers/build");
    let built = Command::new(build)
        .arg(cache())
        .arg(peer)
        .env("PATH", path)
        .stderr(Stdio::inherit())
        .output();
    let built = built.expect("tests/peers/build starts");
    assert!(built.status.success(), "{peer} can't be brought: tests/run says what is needed");
    PathBuf::from(String::from_utf8_lossy(&built.stdout).trim())
}

/// The program; it ends with this.
pub struct Running {
    child: Child,
}

impl Running {
    /// Starts it and waits until it listens.
    pub fn start(what: &str, port: u16, command: &mut Command) -> Self {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Self { child: quiet.spawn().expect(what) };
        wait_for(&format!("{what} listens"), Duration::from_secs(60), || {
            let end = running.child.try_wait().expect("a child");
            assert!(end.is_none(), "{what} ends at once: {end:?}");
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
