//! Has this machine the accelerators that a plan asks for? Whoever holds them just now is not asked.

use super::assign::{Want, assign, share};
use super::config::LocalConfig;
use super::gpu::{VARIABLE, choice};
use super::hand_out::{Asking, asking, asks, leased};
use super::nvidia_smi::DriverError;
use super::process;
use crate::gang::RunId;
use crate::hardware::gpus::Gpu;
use crate::plan::Plan;
use crate::runtime::{Notice, SubmitOptions};
use crate::store::RunPaths;

/// What stands against the plan, and what its user should know.
pub(super) fn accelerators(
    config: &LocalConfig,
    plan: &Plan,
    options: &SubmitOptions,
    refused: &mut Vec<String>,
    notices: &mut Vec<Notice>,
) {
    if plan.gang().controller.is_some() {
        return;
    }
    if !asks(plan) {
        notices.extend(nobody_asks(config).map(Notice));
        return;
    }
    let found = config.nvidia_smi.gpus();
    let gpus = found.as_deref().unwrap_or_default();
    let asking = asking(config, plan, gpus);
    let wants: Vec<Want> = asking.iter().map(Asking::want).collect();
    let mut given = assign(&wants, &|_| true);
    if options.share_gpus && given.iter().any(Result::is_err) {
        given = share(&wants, &|_| true);
    }
    let mut doubts: Vec<&String> =
        asking.iter().filter_map(|one| one.choice.doubt.as_ref()).collect();
    doubts.dedup();
    notices.extend(doubts.into_iter().map(|doubt| Notice(doubt.clone())));
    for ((asking, want), given) in asking.iter().zip(&wants).zip(&given) {
        let Err(free) = given else { continue };
        let problem = format!("{}, {}", asking.wish(), here(&found, asking, want, *free));
        if options.allow_cpu {
            notices.push(Notice(format!("{problem}: all its replicas run on the CPU")));
        } else {
            refused.push(format!("{problem}; pass --allow-cpu to run on the CPU"));
        }
    }
    for role in plan.gang().roles.iter().filter(|role| role.accelerators.is_none()) {
        if super::gpu::own_value(role).is_some_and(|value| !value.is_empty()) {
            notices.push(Notice(format!(
                "role {} asks for no accelerators and sees some all the same: its `env` has {VARIABLE}",
                role.name
            )));
        }
    }
}

/// What there is in place of what a role wants.
fn here(
    found: &Result<Vec<Gpu>, DriverError>,
    asking: &Asking<'_>,
    want: &Want,
    free: usize,
) -> String {
    let gpus = match found {
        Err(error) => return error.to_string(),
        Ok(gpus) if gpus.is_empty() => return "nvidia-smi finds no GPU here".to_owned(),
        Ok(gpus) => gpus,
    };
    let names: Vec<&str> = gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    let said = asking.choice.said.as_ref().map(|said| format!("; {said}")).unwrap_or_default();
    let others = want.candidates.len() - free;
    let others = if others > 0 && want.count <= 1 {
        format!("; other roles of this run take {others}")
    } else {
        String::new()
    };
    let slices = want.count > 1 && want.candidates.iter().any(|one| one.is_slice);
    let slices = if slices { "; a process can use one MIG slice only" } else { "" };
    format!("this machine has {}{said}{others}{slices}", names.join(", "))
}

/// The line for a plan in which no role asks: what it sees, and how to ask.
fn nobody_asks(config: &LocalConfig) -> Option<String> {
    const ASK: &str = "`accelerators: {type: nvidia, count: 1}` gives a role its own";
    let alive = |run: &RunId| process::anything_lives(&RunPaths::new(&config.state, run));
    let leased = leased(config, None, &alive);
    if !leased.is_empty() {
        let seen = match config.nvidia_smi.gpus() {
            Err(DriverError::Missing) => return None,
            Err(error) => format!("sees no GPU, since which are free can't be known: {error}"),
            Ok(gpus) => {
                let shown = choice(config, None, &gpus).devices;
                let left = shown.iter().filter(|one| !leased.contains_key(&one.uuid)).count();
                format!("sees the {left} of {} GPUs that no run has leased", shown.len())
            }
        };
        return Some(format!("this run asks for no accelerators and {seen}; {ASK}"));
    }
    let path = config.env.get("PATH").map_or("", String::as_str);
    if !config.nvidia_smi.is_there(path) {
        return None;
    }
    match config.env.get(VARIABLE).map(|value| value.trim()) {
        // Its user has said that it shall see none.
        Some(value) if value.is_empty() || value.starts_with('-') || value == "NoDevFiles" => None,
        Some(value) => Some(format!(
            "this run asks for no accelerators and sees what {VARIABLE}={value} shows; {ASK}"
        )),
        None => Some(format!(
            "this run asks for no accelerators and sees every GPU that is free; {ASK}"
        )),
    }
}
