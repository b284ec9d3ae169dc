//! How busy a replica's accelerators are, where their driver says it.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The pause between two queries, each of which starts a program.
const QUERY_PACE: Duration = Duration::from_secs(10);
/// How long an answer counts. A driver that hangs gives no newer one.
const ANSWER_LIFETIME: Duration = Duration::from_secs(25);

/// The last answer and when it came; `None` before the first, and when the last one said nothing.
type Answer = Arc<Mutex<Option<(Instant, f64)>>>;

/// Asks `nvidia-smi` again and again, in a thread of its own.
pub(super) struct Devices(Option<Answer>);

impl Devices {
    /// For a replica without accelerators, or with none that it uses.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// Asks about all GPUs that can be seen, which in a pod are its own.
    pub(super) fn of_pod() -> Self {
        Self::watch(None)
    }

    /// Asks about the GPUs with these ids, separated by commas.
    pub(super) fn of(ids: &str) -> Self {
        Self::watch(Some(ids.to_owned()))
    }

    fn watch(ids: Option<String>) -> Self {
        let answer = Answer::default();
        let shared = Arc::clone(&answer);
        thread::spawn(move || {
            // Where there is no such program, there will be none later.
            while let Ok(busy) = ask(ids.as_deref()) {
                let now = busy.map(|busy| (Instant::now(), busy));
                *shared.lock().unwrap_or_else(PoisonError::into_inner) = now;
                thread::sleep(QUERY_PACE);
            }
        });
        Self(Some(answer))
    }

    /// The share of the time in which the devices worked, from 0 to 1, averaged over them. `None`
    /// where that is not known, as with a slice of a device.
    pub(super) fn busy(&self) -> Option<f64> {
        let answer = *self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        answer.filter(|(at, _)| at.elapsed() < ANSWER_LIFETIME).map(|(_, busy)| busy)
    }
}

/// Asks once. It is an error when there is no such program; `None` when the program doesn't say.
fn ask(ids: Option<&str>) -> io::Result<Option<f64>> {
    let mut command = Command::new("nvidia-smi");
    command.args(["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits"]);
    if let Some(ids) = ids {
        command.args(["-i", ids]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let mut text = String::new();
    let read = child.stdout.take().map(|mut out| out.read_to_string(&mut text));
    // The agent also reaps all children that have ended, so that this may find none.
    let _ = child.wait();
    Ok(read.and_then(Result::ok).and_then(|_| mean(&text)))
}

/// The mean of percentages, one on each line, as a share; `None` when a line is no number or there
/// is none.
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
