//! How busy a replica's accelerators are, where their driver says it.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between two questions: each one starts a program.
const PACE: Duration = Duration::from_secs(10);
/// An answer says nothing about later times. A driver that hangs gives none.
const FRESH: Duration = Duration::from_secs(25);

/// The last answer.
type Answer = Arc<Mutex<Option<(Instant, f64)>>>;

/// Asks nvidia-smi again and again.
pub(super) struct Devices(Option<Answer>);

impl Devices {
    /// Nothing to be asked.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Asks about the GPUs with these ids, separated by commas; empty: all that can be seen, which
    /// in a pod are its own.
    pub(super) fn of(ids: &str) -> Self {
        let answer = Answer::default();
        let (told, ids) = (Arc::clone(&answer), ids.to_owned());
        thread::spawn(move || {
            // Without the program there is nothing to come back for.
            while let Ok(busy) = ask(&ids) {
                let now = busy.map(|busy| (Instant::now(), busy));
                *told.lock().unwrap_or_else(PoisonError::into_inner) = now;
                thread::sleep(PACE);
            }
        });
        Self(Some(answer))
    }

    /// The part of their power in use, from 0 to 1, averaged over the devices; `None` where that is
    /// not known, as with a slice of one.
    pub(super) fn busy(&self) -> Option<f64> {
        let answer = *self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        answer.filter(|(at, _)| at.elapsed() < FRESH).map(|(_, busy)| busy)
    }
}

/// An error when there is no such program; `None` when it doesn't say.
fn ask(ids: &str) -> io::Result<Option<f64>> {
    let mut command = Command::new("nvidia-smi");
    command.args(["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]);
    if !ids.is_empty() {
        command.args(["-i", ids]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let mut text = String::new();
    let read = child.stdout.take().map(|mut out| out.read_to_string(&mut text));
    // The agent reaps whatever has ended; whoever of the two comes second finds nothing.
    let _ = child.wait();
    Ok(read.and_then(Result::ok).and_then(|_| mean(&text)))
}

/// The mean of percentages, one a line.
fn mean(text: &str) -> Option<f64> {
    let values: Vec<f64> =
        text.lines().map(|line| line.trim().parse::<f64>().ok()).collect::<Option<_>>()?;
    let count = values.len() as f64;
    (count > 0.0).then(|| values.iter().sum::<f64>() / count / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_not_known() {
        assert_eq!(mean("40\n 60\n"), Some(0.5));
        assert_eq!(mean("40\n[N/A]\n"), None);
        assert_eq!(mean(""), None);
    }
}
