//! Programs that are asked for a short answer, and that may hang.

use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::process::signal_group;

/// A short program answers within this time, or its driver hangs.
pub const ANSWER: Duration = Duration::from_secs(15);
/// A killed program is waited for so long: one that sleeps in its driver can't be killed, and goes when
/// the driver lets it.
const DEATH: Duration = Duration::from_millis(500);
/// Time between two questions whether the program has ended.
const PACE: Duration = Duration::from_millis(20);

/// What a program that has ended left: its status and all that it printed.
pub struct Answer {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed; bytes that are no UTF-8 are replaced.
    pub stdout: String,
    /// What it complained of, in the same way.
    pub stderr: String,
}

impl Answer {
    /// The last line of what went wrong: where Python and drivers name it.
    pub fn complaint(&self) -> String {
        let last = |text: &str| {
            text.lines().rev().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
        };
        last(&self.stderr).or_else(|| last(&self.stdout)).unwrap_or_else(|| self.status.to_string())
    }
}

/// Runs a program to its end; kills it, and all that it has started, at the limit or when the user
/// leaves. A program that isn't there is `NotFound`, one that takes too long `TimedOut`.
pub fn ask(
    command: &mut Command,
    limit: Duration,
    is_left: &dyn Fn() -> bool,
) -> io::Result<Answer> {
    let begin = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    let mut child = command.spawn()?;
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    loop {
        if let Some(status) = child.try_wait()? {
            // A process that it has left running could hold the pipes open, and reading them would
            // hang.
            end(&mut child);
            return Ok(Answer { status, stdout: text(stdout), stderr: text(stderr) });
        }
        if begin.elapsed() > limit || is_left() {
            end(&mut child);
            let message = format!("no answer within {} s", limit.as_secs());
            return Err(io::Error::new(io::ErrorKind::TimedOut, message));
        }
        std::thread::sleep(PACE);
    }
}

fn end(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        signal_group(group, Signal::KILL);
    }
    let begin = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && begin.elapsed() < DEATH {
        std::thread::sleep(PACE);
    }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // If reading fails, what was read before is still worth having.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

fn text(reader: JoinHandle<Vec<u8>>) -> String {
    String::from_utf8_lossy(&reader.join().unwrap_or_default()).into_owned()
}
