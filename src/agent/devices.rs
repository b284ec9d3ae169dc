//! What a replica's accelerators do and what their memory holds, where their driver says it.

use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The pause between two queries, each of which starts programs.
const QUERY_PACE: Duration = Duration::from_secs(5);
/// How long an answer counts. A driver that hangs gives no newer one.
const ANSWER_LIFETIME: Duration = Duration::from_secs(25);

/// What nvidia-smi is asked, for [`Seen::of`].
const DEVICES: [&str; 2] =
    ["--query-gpu=utilization.gpu,memory.used,memory.total", "--format=csv,noheader,nounits"];
const PROCESSES: [&str; 2] =
    ["--query-compute-apps=pid,process_name,used_memory", "--format=csv,noheader,nounits"];

/// One look at the accelerators.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// The share of the time in which they worked, from 0 to 1, averaged over them. `None` where that is
    /// not known, as with a slice of a device.
    pub(super) busy: Option<f64>,
    /// Bytes of memory that are in use, by whomever.
    used: Option<u64>,
    /// Bytes of memory that they have.
    pub(super) total: Option<u64>,
    /// Bytes that were in use before the replica's first command.
    before: u64,
    /// Who uses them: process id, name, and bytes where they are known. In a container there is nobody.
    processes: Vec<(i32, String, Option<u64>)>,
}

/// The last answer and when it came; `None` before the first.
type Answer = Arc<Mutex<Option<(Instant, Seen)>>>;

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
            let mut before = None;
            // Where there is no such program, there will be none later.
            while let Ok(devices) = ask(&DEVICES, ids.as_deref()) {
                let processes = ask(&PROCESSES, ids.as_deref()).unwrap_or_default();
                let mut seen = Seen::of(&devices, &processes);
                if let Some(used) = seen.used {
                    seen.before = *before.get_or_insert(used);
                }
                *shared.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some((Instant::now(), seen));
                thread::sleep(QUERY_PACE);
            }
        });
        Self(Some(answer))
    }

    /// What was seen last; `None` where nothing was lately.
    pub(super) fn seen(&self) -> Option<Seen> {
        let answer = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        answer
            .as_ref()
            .filter(|(at, _)| at.elapsed() < ANSWER_LIFETIME)
            .map(|(_, seen)| seen.clone())
    }
}

impl Seen {
    fn of(devices: &str, processes: &str) -> Self {
        let rows = |text: &str| -> Vec<Vec<String>> {
            let fields =
                |line: &str| line.split(',').map(|field| field.trim().to_owned()).collect();
            text.lines().map(fields).collect()
        };
        let devices = rows(devices);
        let column = |place: usize| -> Option<Vec<f64>> {
            let values = devices.iter().map(|row| row.get(place)?.parse().ok());
            values.collect::<Option<Vec<f64>>>().filter(|values| !values.is_empty())
        };
        // nvidia-smi counts memory in MiB.
        let sum = |place| {
            column(place).map(|values| (values.iter().sum::<f64>() * f64::from(1 << 20)) as u64)
        };
        let processes = rows(processes).into_iter().filter_map(|row| {
            // Only a name could hold a comma of its own.
            let [pid, name @ .., memory] = &row[..] else { return None };
            let memory = memory.parse::<u64>().ok().map(|mebibytes| mebibytes << 20);
            Some((pid.parse().ok()?, name.join(", "), memory))
        });
        Self {
            busy: column(0).map(|all| all.iter().sum::<f64>() / all.len() as f64 / 100.0),
            used: sum(1),
            total: sum(2),
            before: 0,
            processes: processes.collect(),
        }
    }

    /// Bytes that these processes use. Where the driver names no processes, what has come since they began
    /// is theirs, as far as anybody can tell.
    pub(super) fn memory_of(&self, pids: &[i32]) -> Option<u64> {
        if self.processes.is_empty() {
            return self.used.map(|used| used.saturating_sub(self.before));
        }
        let own = self.processes.iter().filter(|(pid, ..)| pids.contains(pid));
        // What one of them uses may be unknown, and so is the sum then.
        own.map(|(.., memory)| *memory).sum()
    }

    /// What the memory is used for, in a clause: `20.1 of 22.0 GiB in use when last looked at, 8.0 GiB by
    /// this replica, 12.0 GiB by pid 77 (python3)`.
    pub(super) fn words(&self, own: u64, pids: &[i32]) -> String {
        let (Some(used), Some(total)) = (self.used, self.total) else { return String::new() };
        let gib = |bytes: u64| format!("{:.1}", bytes as f64 / f64::from(1 << 30));
        let mut by = vec![format!("{} GiB by this replica", gib(own))];
        for (pid, name, memory) in self.processes.iter().filter(|(pid, ..)| !pids.contains(pid)) {
            let memory =
                memory.map_or("an unknown part".into(), |memory| format!("{} GiB", gib(memory)));
            by.push(format!("{memory} by pid {pid} ({name})"));
        }
        if self.processes.is_empty() && self.before > 0 {
            by.push(format!("{} GiB since before it began", gib(self.before)));
        }
        let by = by.join(", ");
        format!("{} of {} GiB were in use when last looked at, {by}", gib(used), gib(total))
    }
}

/// Asks once. It is an error when there is no such program.
fn ask(query: &[&str], ids: Option<&str>) -> io::Result<String> {
    let mut command = Command::new("nvidia-smi");
    command.args(query);
    if let Some(ids) = ids {
        command.args(["-i", ids]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let mut text = String::new();
    if let Some(mut out) = child.stdout.take() {
        // What can't be read says nothing.
        let _ = out.read_to_string(&mut text);
    }
    // The agent also reaps all children that have ended, so that this may find none.
    let _ = child.wait();
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_number_is_not_known() {
        assert_eq!(Seen::of("40\n 60\n", "").busy, Some(0.5));
        assert_eq!(Seen::of("40\n[N/A]\n", "").busy, None);
        assert_eq!(Seen::of("", ""), Seen::default());
        let half = Seen::of("[N/A], 1024, 2048\n", "");
        assert_eq!((half.busy, half.used, half.total), (None, Some(1 << 30), Some(2 << 30)));
    }

    #[test]
    fn memory_is_told_by_whose_it_is() {
        let seen = Seen::of(
            "40, 20480, 22528\n",
            "7, /usr/bin/python3, 8192\n9, a, b, 12288\n8, [Insufficient Permissions], [N/A]\n",
        );
        assert_eq!(seen.memory_of(&[7, 70]), Some(8 << 30));
        assert_eq!(
            seen.words(8 << 30, &[7]),
            "20.0 of 22.0 GiB were in use when last looked at, 8.0 GiB by this replica, 12.0 GiB by pid 9 \
             (a, b), an unknown part by pid 8 ([Insufficient Permissions])"
        );
        // A container is shown no processes.
        let alone = Seen { before: 1 << 20, ..Seen::of("40, 3, 9\n", "") };
        assert_eq!(alone.memory_of(&[7]), Some(2 << 20));
    }
}
