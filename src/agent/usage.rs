//! What the processes of a replica use, measured every few seconds.

use std::time::{Duration, Instant};

use super::devices::Devices;
use crate::gang::Usage;
use crate::sys;

/// The pause between two measurements.
pub(super) const SAMPLE_INTERVAL: Duration = Duration::from_secs(2);

/// A replica of an endpoint goes on for months, and what it uses is worth a line of its log so often where
/// nothing has changed.
const STEADY_PACE: Duration = Duration::from_mins(1);
/// Between two lines of such a replica, whatever changes.
const CHANGE_PACE: Duration = Duration::from_secs(10);
/// So many cores more or less are a change.
const MUCH_CPU: f64 = 0.5;
/// So much of an accelerator's power more or less is a change.
const MUCH_POWER: f64 = 0.25;
/// So many bytes more or less are a change, where they are a tenth of what was in use before as well.
const MUCH_MEMORY: u64 = 32 << 20;

/// Which samples are told: all of a run that ends, those that say something new of one that serves.
pub(super) struct Telling {
    serves: bool,
    last: Option<(Usage, Instant)>,
}

impl Telling {
    /// Nothing was told yet.
    pub(super) fn new(serves: bool) -> Self {
        Self { serves, last: None }
    }

    /// Whether this sample is told, which it is then.
    pub(super) fn is_due(&mut self, usage: &Usage, now: Instant) -> bool {
        let is_due = !self.serves
            || self.last.as_ref().is_none_or(|(last, at)| {
                let past = now.saturating_duration_since(*at);
                past >= STEADY_PACE || past >= CHANGE_PACE && differs(last, usage)
            });
        if is_due {
            self.last = Some((*usage, now));
        }
        is_due
    }
}

fn differs(last: &Usage, now: &Usage) -> bool {
    let memory = |last: u64, now: u64| {
        let change = last.abs_diff(now);
        change >= MUCH_MEMORY && change >= last / 10
    };
    let power = |usage: &Usage| usage.accelerators.unwrap_or_default();
    let on_accelerators = |usage: &Usage| usage.accelerator_memory.unwrap_or_default();
    (last.cpu - now.cpu).abs() >= MUCH_CPU
        || memory(last.memory, now.memory)
        || last.memory_limit != now.memory_limit
        || last.oom_kills != now.oom_kills
        || (power(last) - power(now)).abs() >= MUCH_POWER
        || memory(on_accelerators(last), on_accelerators(now))
}

/// Measures what the descendants of this process use.
pub(super) struct Meter {
    group: sys::MemoryGroup,
    /// Bytes; `None` where nothing limits the memory, or nothing is known of a limit.
    limit: Option<u64>,
    /// The CPU time that all processes had used at the last sample, in ticks of the kernel.
    ticks: u64,
    /// When the last sample was taken.
    at: Instant,
    /// How often the kernel had killed for memory when the command started.
    kills_before: u64,
    last: Usage,
    overrun_reported: bool,
    devices: Devices,
    /// What the memory of the accelerators was used for, in a clause.
    on_accelerators: String,
    /// Whose use counts.
    kin: sys::Kin,
}

impl Meter {
    /// A meter with this memory limit in bytes or, where the runtime names none, that of the
    /// control group. `kin` are the descendants whose use counts.
    pub(super) fn new(limit: Option<u64>, devices: Devices, kin: sys::Kin) -> Self {
        let group = sys::MemoryGroup::find();
        let limit = limit.or_else(|| group.limit()).filter(|limit| *limit > 0);
        let kills_before = group.oom_kills();
        Self {
            group,
            limit,
            ticks: 0,
            at: Instant::now(),
            kills_before,
            last: Usage::default(),
            overrun_reported: false,
            devices,
            on_accelerators: String::new(),
            kin,
        }
    }

    /// Says that a command starts, so that nothing from before counts.
    pub(super) fn begin(&mut self) {
        self.kills_before = self.group.oom_kills();
        self.ticks = 0;
        self.at = Instant::now();
        self.last = Usage::default();
        self.overrun_reported = false;
        self.on_accelerators.clear();
    }

    /// The usage since the last sample, and the ids of the processes that it was measured of.
    pub(super) fn sample(&mut self) -> (Usage, Vec<i32>) {
        let processes = sys::descendants(rustix::process::getpid().as_raw_pid(), self.kin);
        let ticks: u64 = processes.iter().map(|process| process.ticks).sum();
        let memory = processes.iter().map(|process| process.rss).sum();
        let seconds = self.at.elapsed().as_secs_f64().max(0.001);
        let used = ticks.saturating_sub(self.ticks) as f64 / sys::ticks_per_second() as f64;
        self.ticks = ticks;
        self.at = Instant::now();
        let pids: Vec<i32> = processes.iter().map(|process| process.pid).collect();
        let seen = self.devices.seen();
        self.last = Usage {
            cpu: (used / seconds * 100.0).round() / 100.0,
            memory,
            // Events have 0 for a memory without a limit.
            memory_limit: self.limit.unwrap_or(0),
            oom_kills: self.group.oom_kills(),
            accelerators: seen.as_ref().and_then(|seen| seen.busy),
            accelerator_memory: seen.as_ref().and_then(|seen| seen.memory_of(&pids)),
            accelerator_memory_total: seen.as_ref().and_then(|seen| seen.total),
        };
        if let (Some(seen), Some(own)) = (&seen, self.last.accelerator_memory) {
            self.on_accelerators = seen.words(own, &pids);
        }
        (self.last, pids)
    }

    /// A warning that the command uses more memory than its limit, which nothing on a laptop stops;
    /// once for each command.
    pub(super) fn overrun(&mut self) -> Option<String> {
        let memory = self.last.memory;
        let limit = self.limit.filter(|limit| memory > *limit)?;
        if self.overrun_reported {
            return None;
        }
        self.overrun_reported = true;
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        Some(format!(
            "it uses {} MiB, more than its `memory` of {} MiB: a cluster would kill it, this \
             machine goes on",
            mib(memory),
            mib(limit)
        ))
    }

    /// What the memory of the accelerators was used for when it was last looked at, in a clause; empty
    /// where that is not known.
    pub(super) fn seen_on_accelerators(&self) -> String {
        // A command that ends before its first sample had the devices as they were before it.
        if self.on_accelerators.is_empty() {
            let seen = self.devices.seen();
            return seen.map(|seen| seen.words(0, &[])).unwrap_or_default();
        }
        self.on_accelerators.clone()
    }

    /// The kernel has killed a process for its memory since the command started.
    pub(super) fn was_killed(&self) -> bool {
        self.group.oom_kills() > self.kills_before
    }

    /// The last sample was at 90 % of the limit or more.
    pub(super) fn near_limit(&self) -> bool {
        self.limit
            .is_some_and(|limit| self.last.memory.saturating_mul(10) >= limit.saturating_mul(9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serves_tells_of_what_changes() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let usage = |cpu, mib: u64| Usage { cpu, memory: mib << 20, ..Usage::default() };
        let mut telling = Telling::new(true);
        assert!(telling.is_due(&usage(0.1, 100), at(0)));
        assert!(!telling.is_due(&usage(0.2, 110), at(2)), "nothing of note");
        assert!(!telling.is_due(&usage(2.0, 400), at(4)), "too soon");
        assert!(telling.is_due(&usage(2.0, 100), at(10)));
        assert!(telling.is_due(&usage(2.0, 400), at(20)));
        assert!(!telling.is_due(&usage(2.1, 410), at(78)));
        assert!(telling.is_due(&usage(2.1, 410), at(80)), "a minute is over");
        let mut telling = Telling::new(false);
        assert!((0..5).all(|second| telling.is_due(&usage(0.1, 100), at(second))));
    }
}
