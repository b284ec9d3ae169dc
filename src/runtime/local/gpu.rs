//! GPUs of this machine: which there are, by nvidia-smi, and leasing them to replicas.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::ask::{ANSWER, ask};
use super::config::LocalConfig;
use super::leases::Leases;
use crate::gang::{ReplicaId, RunId};
use crate::plan::Plan;
use crate::runtime::{RuntimeError, SubmitOptions};
use crate::store::RunPaths;

/// A GPU of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Gpu {
    pub(crate) uuid: String,
    pub(crate) name: String,
}

/// All GPUs; empty without a driver.
pub(crate) fn list(nvidia_smi: &Path) -> Vec<Gpu> {
    let mut command = Command::new(nvidia_smi);
    command.args(["--query-gpu=uuid,name", "--format=csv,noheader,nounits"]);
    match ask(&mut command, ANSWER, &|| false) {
        Ok(answer) if answer.status.success() => parse(&answer.stdout),
        _ => Vec::new(),
    }
}

fn parse(text: &str) -> Vec<Gpu> {
    text.lines()
        .filter_map(|line| line.split_once(','))
        .map(|(uuid, name)| Gpu { uuid: uuid.trim().into(), name: name.trim().into() })
        .collect()
}

/// Whether a GPU is of the type that a spec names, such as `nvidia-l4` or `nvidia`.
pub(crate) fn fits(gpu: &Gpu, kind: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.to_ascii_lowercase()
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty() && !matches!(*word, "nvidia" | "tesla" | "geforce"))
            .map(str::to_owned)
            .collect()
    };
    let name = words(&gpu.name).join("-");
    words(kind).iter().all(|word| name.split('-').any(|part| part.starts_with(word.as_str())))
}

/// GPUs for each replica that wants some, as the value of `CUDA_VISIBLE_DEVICES`.
pub(super) fn lease(
    config: &LocalConfig,
    plan: &Plan,
    run: &RunPaths,
    options: &SubmitOptions,
    alive: &dyn Fn(&RunId) -> bool,
) -> Result<BTreeMap<ReplicaId, String>, RuntimeError> {
    let mut taken = BTreeMap::new();
    if plan.gang().roles.iter().all(|role| role.accelerators.is_none()) {
        return Ok(taken);
    }
    let leases = Leases::gpus(&config.state);
    let mut free = list(&config.nvidia_smi);
    for (role, replica) in plan.gang().replicas() {
        let Some(wanted) = &role.accelerators else { continue };
        let mut mine = Vec::new();
        let mut rest = Vec::new();
        for gpu in free.drain(..) {
            let fits = mine.len() < wanted.count as usize && fits(&gpu, &wanted.kind);
            if fits && leases.take(&gpu.uuid, &run.run, alive)? {
                mine.push(gpu.uuid);
            } else {
                rest.push(gpu);
            }
        }
        free = rest;
        if mine.len() < wanted.count as usize && !options.allow_cpu {
            let holders: Vec<RunId> =
                free.iter().filter_map(|gpu| leases.holder(&gpu.uuid)).collect();
            return Err(RuntimeError::Busy(format!(
                "{replica}: {} x {} wanted, {} free; other runs hold the rest: {}. Wait for them, \
                 cancel one, or pass --allow-cpu",
                wanted.count,
                wanted.kind,
                mine.len(),
                holders.join(", ")
            )));
        }
        taken.insert(replica, mine.join(","));
    }
    Ok(taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_nvidia_smi_match_types() {
        let gpus = parse("GPU-1, NVIDIA L4\nGPU-2, NVIDIA A100-SXM4-80GB\nGPU-3, Tesla T4\n");
        assert_eq!(gpus[0], Gpu { uuid: "GPU-1".into(), name: "NVIDIA L4".into() });
        assert!(fits(&gpus[0], "nvidia-l4") && fits(&gpus[0], "nvidia"));
        assert!(fits(&gpus[1], "nvidia-a100") && !fits(&gpus[1], "nvidia-l4"));
        assert!(fits(&gpus[1], "nvidia-a100-80gb"));
        assert!(fits(&gpus[2], "nvidia-tesla-t4"));
    }
}
