//! What nvidia-smi says of this machine, with the runs that have leased its GPUs.

use super::config::LocalConfig;
use super::gpu::{VARIABLE, choice};
use super::leases::Leases;
use super::nvidia_smi::DriverError;
use super::process;
use crate::gang::RunId;
use crate::hardware::gpus::{Machine, cuda_version};
use crate::runtime::{GpuView, Notice, RuntimeError};
use crate::store::RunPaths;

/// Asks nvidia-smi. A machine without it has no GPUs; one whose driver fails is an error.
pub(crate) fn machine(config: &LocalConfig) -> Result<GpuView, RuntimeError> {
    let of_driver = |error: DriverError| RuntimeError::Unsupported(error.to_string());
    let (mut gpus, driver) = match config.nvidia_smi.look(&|| false) {
        Ok(found) => found,
        Err(error @ DriverError::Missing) => {
            let why = format!("{error}: there is no GPU that runs could use");
            let (machine, why) = (Machine::default(), Some(Notice(why)));
            return Ok(GpuView::Machine { machine, why });
        }
        Err(error) => return Err(of_driver(error)),
    };
    // An old driver may not know what is asked for beside the list; the list alone is worth having.
    let more = |args: &[&str]| config.nvidia_smi.output(args, &|| false).unwrap_or_default();
    let processes = config.nvidia_smi.processes();
    let leases = Leases::gpus(&config.state);
    // The lease of a killed run stays until another run wants the GPU, so only leases of living runs
    // count.
    let alive = |run: &RunId| process::anything_lives(&RunPaths::new(&config.state, run));
    for gpu in &mut gpus {
        let mine = |(uuid, _): &&(String, _)| *uuid == gpu.uuid;
        gpu.processes = processes.iter().filter(mine).map(|(_, process)| process.clone()).collect();
        gpu.run = leases.holder(&gpu.uuid).filter(alive).map(String::from);
        for slice in &mut gpu.slices {
            slice.run = leases.holder(&slice.uuid).filter(alive).map(String::from);
        }
    }
    let choice = choice(config, None, &gpus);
    let is_set = config.env.contains_key(VARIABLE);
    for gpu in &mut gpus {
        gpu.hidden = is_set && !choice.devices.iter().any(|device| device.gpu == gpu.uuid);
    }
    let why = if gpus.is_empty() {
        Some("nvidia-smi finds no GPU here".into())
    } else {
        let said =
            choice.said.map(|said| format!("{said}: runs that are started here use no other"));
        choice.doubt.or(said)
    };
    let cuda = cuda_version(&more(&["-q", "-d", "COMPUTE"]));
    Ok(GpuView::Machine { machine: Machine { driver, cuda, gpus }, why: why.map(Notice) })
}
