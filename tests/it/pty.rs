//! A terminal that shows nothing: the bytes that a command sends to it, as they are.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

/// Runs a command to its end with all of its streams at a terminal of 80 columns.
pub fn at_terminal(command: &mut Command) -> (Vec<u8>, ExitStatus) {
    answering(command, "")
}

/// The same, with what somebody has typed before it asks.
pub fn answering(command: &mut Command, typed: &str) -> (Vec<u8>, ExitStatus) {
    seen(command, typed, |_| ())
}

/// The same, which is told of all that was shown so far whenever that is more.
pub fn seen(
    command: &mut Command,
    typed: &str,
    mut see: impl FnMut(&[u8]),
) -> (Vec<u8>, ExitStatus) {
    driven(command, typed, |shown, _| see(shown))
}

/// Who sits at the terminal.
pub struct Person {
    keys: File,
    pid: i32,
}

impl Person {
    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("pressed");
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&self) {
        let pid = Pid::from_raw(self.pid).expect("a process");
        kill_process(pid, Signal::INT).expect("a signal");
    }
}

/// The same; whoever is told of what is shown may press keys meanwhile.
pub fn driven(
    command: &mut Command,
    typed: &str,
    mut see: impl FnMut(&[u8], &mut Person),
) -> (Vec<u8>, ExitStatus) {
    let main = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&main).expect("a terminal");
    unlockpt(&main).expect("a terminal");
    let name = ptsname(&main, Vec::new()).expect("its name");
    let path = std::path::PathBuf::from(name.to_str().expect("a path"));
    let end: OwnedFd = fs_err::OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .expect("its end")
        .into_parts()
        .0
        .into();
    // Nothing is added to line ends.
    let mut mode = tcgetattr(&end).expect("its mode");
    mode.make_raw();
    tcsetattr(&end, OptionalActions::Now, &mode).expect("its mode");
    let size = Winsize { ws_row: 50, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&main, size).expect("its size");
    let stream = || Stdio::from(end.try_clone().expect("its end"));
    let mut keys = File::from(main.try_clone().expect("its end"));
    keys.write_all(typed.as_bytes()).expect("typed");
    command.stdin(stream()).stdout(stream()).stderr(stream()).env("TERM", "xterm-256color");
    let mut child = command.spawn().expect("the command");
    let mut person = Person { keys, pid: child.id().cast_signed() };
    // The command's ends must be the last ones, so that reading ends with it.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    drop(end);
    let mut bytes = Vec::new();
    // EIO is the end of a terminal.
    let (mut shown, mut part) = (File::from(main), [0; 4096]);
    while let Ok(count @ 1..) = shown.read(&mut part) {
        bytes.extend_from_slice(&part[..count]);
        see(&bytes, &mut person);
    }
    (bytes, child.wait().expect("its end"))
}
