//! What the processes of a replica use, measured every few seconds.

use std::time::{Duration, Instant};

use super::devices::Devices;
use crate::gang::Usage;
use crate::sys;

/// The pause between two measurements.
pub(super) const SAMPLE_INTERVAL: Duration = Duration::from_secs(2);

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
