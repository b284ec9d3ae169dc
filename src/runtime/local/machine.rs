//! What nvidia-smi says of this machine, with the runs that have leased its GPUs.

use std::io;
use std::process::Command;

use super::ask::{ANSWER, ask};
use super::config::LocalConfig;
use super::leases::Leases;
use super::process;
use crate::gang::RunId;
use crate::hardware::gpus::{APPS_QUERY, GPU_QUERY, Machine, apps, cuda_version, gpus, slices};
use crate::runtime::{GpuView, Notice, RuntimeError};
use crate::store::RunPaths;

/// Asks nvidia-smi. A machine without it has no GPUs; one whose driver fails is an error.
pub(crate) fn machine(config: &LocalConfig) -> Result<GpuView, RuntimeError> {
    let text = match output_of(config, &GPU_QUERY) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let why = "this machine has no nvidia-smi, and so no GPU that runs could use; it comes \
                       with NVIDIA's driver";
            let (machine, why) = (Machine::default(), Some(Notice(why.into())));
            return Ok(GpuView::Machine { machine, why });
        }
        Err(error) if error.kind() == io::ErrorKind::TimedOut => {
            let message = format!("nvidia-smi gives {error}: its driver hangs");
            return Err(RuntimeError::Unsupported(message));
        }
        Err(error) => return Err(RuntimeError::Unsupported(error.to_string())),
    };
    let (mut gpus, driver) = gpus(&text);
    // An old driver may not know what is asked for beside the list; the list alone is worth having.
    let more = |args: &[&str]| output_of(config, args).unwrap_or_default();
    let processes = apps(&more(&APPS_QUERY));
    let slices = if gpus.iter().any(|gpu| gpu.mig == Some(true)) {
        slices(&more(&["-L"]))
    } else {
        Vec::new()
    };
    let leases = Leases::gpus(&config.state);
    for gpu in &mut gpus {
        let mine = |(uuid, _): &&(String, _)| *uuid == gpu.uuid;
        gpu.processes = processes.iter().filter(mine).map(|(_, process)| process.clone()).collect();
        let mine = |(uuid, _): &&(String, _)| *uuid == gpu.uuid;
        gpu.slices = slices.iter().filter(mine).map(|(_, slice)| slice.clone()).collect();
        // The lease of a killed run stays until another run wants the GPU, so only leases of living
        // runs count.
        let alive = |run: &RunId| process::anything_lives(&RunPaths::new(&config.state, run));
        gpu.run = leases.holder(&gpu.uuid).filter(alive).map(String::from);
    }
    let why = gpus.is_empty().then(|| Notice("nvidia-smi finds no GPU here".into()));
    let cuda = cuda_version(&more(&["-q", "-d", "COMPUTE"]));
    Ok(GpuView::Machine { machine: Machine { driver, cuda, gpus }, why })
}

/// Standard output, or what went wrong in nvidia-smi's own words: it writes them there too.
fn output_of(config: &LocalConfig, args: &[&str]) -> io::Result<String> {
    let answer = ask(Command::new(&config.nvidia_smi).args(args), ANSWER, &|| false)?;
    if answer.status.success() {
        return Ok(answer.stdout.trim().to_owned());
    }
    let all = [answer.stdout, answer.stderr].join(" ");
    let words = all.split_whitespace().collect::<Vec<_>>().join(" ");
    Err(io::Error::other(if words.is_empty() {
        format!("nvidia-smi failed: {}", answer.status)
    } else {
        format!("nvidia-smi failed: {words}")
    }))
}
