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
    limit: u64,
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
        let limit = limit.or_else(|| group.limit()).unwrap_or(0);
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
        let me = i32::try_from(std::process::id()).unwrap_or(0);
        let processes = sys::descendants(me);
        let ticks: u64 = processes.iter().map(|process| process.ticks).sum();
        let memory = processes.iter().map(|process| process.rss).sum();
        let seconds = self.at.elapsed().as_secs_f64().max(0.001);
        let used = ticks.saturating_sub(self.ticks) as f64 / sys::ticks_per_second() as f64;
        self.ticks = ticks;
        self.at = Instant::now();
        self.last = Usage {
            cpu: (used / seconds * 100.0).round() / 100.0,
            memory,
            memory_limit: self.limit,
            oom_kills: self.group.oom_kills(),
            accelerators: self.devices.busy(),
        };
        (self.last, processes.iter().map(|process| process.pid).collect())
    }

    /// Said once per command: it uses more than its limit, and nothing here stops it.
    pub(super) fn overrun(&mut self) -> Option<String> {
        let Usage { memory, memory_limit, .. } = self.last;
        if memory_limit == 0 || memory <= memory_limit || self.overrun_told {
            return None;
        }
        self.overrun_told = true;
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        Some(format!(
            "it uses {} MiB, more than its `memory` of {} MiB: a cluster would kill it, this \
             machine goes on",
            mib(memory),
            mib(memory_limit)
        ))
    }

    /// The kernel killed something for its memory since the command started.
    pub(super) fn was_killed(&self) -> bool {
        self.group.oom_kills() > self.kills_before
    }

    /// The last sample was at 90 % of the limit or more.
    pub(super) fn near_limit(&self) -> bool {
        self.limit > 0 && self.last.memory.saturating_mul(10) >= self.limit.saturating_mul(9)
    }
}
