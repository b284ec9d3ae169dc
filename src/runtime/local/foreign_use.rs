//! What others hold of the memory of GPUs that a run has just leased.

use super::config::LocalConfig;
use crate::hardware::gpus::{Gpu, GpuProcess};
use crate::runtime::Notice;

/// What a driver keeps for itself is less, also of a large GPU with error correction.
const WORTH_A_WORD: u64 = 1 << 30;

/// A line for each leased GPU on which something is in use already: its lease was free, so that no run of
/// this state folder holds it.
pub(super) fn foreign_use(config: &LocalConfig, gpus: &[Gpu], leased: &[&str]) -> Vec<Notice> {
    let mine = |gpu: &&Gpu| leased.contains(&gpu.uuid.as_str());
    let mine: Vec<&Gpu> = gpus.iter().filter(mine).collect();
    if mine.is_empty() {
        return Vec::new();
    }
    let processes = config.nvidia_smi.processes();
    let now = config.nvidia_smi.look(&|| false).map(|(gpus, _)| gpus).unwrap_or_default();
    let lines = mine.into_iter().filter_map(|gpu| {
        let of_gpu = processes.iter().filter(|(uuid, _)| *uuid == gpu.uuid);
        let of_gpu: Vec<&GpuProcess> = of_gpu.map(|(_, process)| process).collect();
        let seen = now.iter().find(|one| one.uuid == gpu.uuid);
        let by_processes: u64 = of_gpu.iter().filter_map(|process| process.memory).sum();
        let bytes = seen.and_then(|gpu| gpu.memory_used).unwrap_or(by_processes);
        if bytes < WORTH_A_WORD {
            return None;
        }
        let total = seen.and_then(|gpu| gpu.memory);
        let total = total.map(|total| format!(" of {}", gib(total))).unwrap_or_default();
        let by = if of_gpu.is_empty() {
            // A container shows no processes of others.
            "processes that nvidia-smi doesn't show here".to_owned()
        } else {
            let names: Vec<String> = of_gpu.iter().map(|process| words(process)).collect();
            names.join(", ")
        };
        Some(Notice(format!(
            "GPU {} ({}): {}{total} are in use already, by what has not leased it: {by}",
            gpu.index,
            gpu.name,
            gib(bytes)
        )))
    });
    lines.collect()
}

fn words(process: &GpuProcess) -> String {
    let memory = process.memory.map(|bytes| format!(" {}", gib(bytes))).unwrap_or_default();
    format!("pid {} {}{memory}", process.pid, process.name)
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}
