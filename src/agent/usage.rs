//! What a replica's processes use, sampled.

use std::time::{Duration, Instant};

use super::devices::Devices;
use crate::gang::Usage;
use crate::sys;

/// Between two samples.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// Samples the descendants of this process.
pub(super) struct Meter {
    group: sys::MemoryGroup,
    /// Bytes; `None` where nothing limits the memory, or nothing is known of a limit.
    limit: Option<u64>,
    ticks: u64,
    at: Instant,
    kills_before: u64,
    last: Usage,
    overrun_told: bool,
    devices: Devices,
}

impl Meter {
    /// A meter with the limit that the runtime says, or else the control group.
    pub(super) fn new(limit: Option<u64>, devices: Devices) -> Self {
        let group = sys::MemoryGroup::find();
        let limit = limit.or_else(|| group.limit());
        let kills_before = group.oom_kills();
        Self {
            group,
            limit,
            ticks: 0,
            at: Instant::now(),
            kills_before,
            last: Usage::default(),
            overrun_told: false,
            devices,
        }
    }

    /// A command starts: what came before isn't its doing.
    pub(super) fn begin(&mut self) {
        self.kills_before = self.group.oom_kills();
        self.ticks = 0;
        self.at = Instant::now();
        self.last = Usage::default();
        self.overrun_told = false;
    }

    /// Usage since the last sample, and the processes it is of.
    pub(super) fn sample(&mut self) -> (Usage, Vec<i32>) {
        let processes = sys::descendants(rustix::process::getpid().as_raw_pid());
        let ticks: u64 = processes.iter().map(|process| process.ticks).sum();
        let memory = processes.iter().map(|process| process.rss).sum();
        let seconds = self.at.elapsed().as_secs_f64().max(0.001);
        let used = ticks.saturating_sub(self.ticks) as f64 / sys::ticks_per_second() as f64;
        self.ticks = ticks;
        self.at = Instant::now();
        self.last = Usage {
            cpu: (used / seconds * 100.0).round() / 100.0,
            memory,
            // Events have 0 for a memory without a limit.
            memory_limit: self.limit.unwrap_or(0),
            oom_kills: self.group.oom_kills(),
            accelerators: self.devices.busy(),
        };
        (self.last, processes.iter().map(|process| process.pid).collect())
    }

    /// Said once per command: it uses more than its limit, and nothing here stops it.
    pub(super) fn overrun(&mut self) -> Option<String> {
        let memory = self.last.memory;
        let limit = self.limit.filter(|limit| memory > *limit)?;
        if self.overrun_told {
            return None;
        }
        self.overrun_told = true;
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        Some(format!(
            "it uses {} MiB, more than its `memory` of {} MiB: a cluster would kill it, this \
             machine goes on",
            mib(memory),
            mib(limit)
        ))
    }

    /// The kernel killed something for its memory since the command started.
    pub(super) fn was_killed(&self) -> bool {
        self.group.oom_kills() > self.kills_before
    }

    /// The last sample was at 90 % of the limit or more.
    pub(super) fn near_limit(&self) -> bool {
        self.limit
            .is_some_and(|limit| self.last.memory.saturating_mul(10) >= limit.saturating_mul(9))
    }
}
