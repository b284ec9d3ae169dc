//! What runs hold on this machine beside their folders: processes that carry a run's mark, and leases.

use std::path::Path;

use rustix::process::Signal;

use super::config::LocalConfig;
use super::leases::Leases;
use super::process::ProcessMark;
use crate::gang::RunId;
use crate::runtime::RuntimeError;
use crate::runtime::{Holding, Holdings};
use crate::sys;

const PROCESS: &str = "process";
const PORT: &str = "port lease";
const GPU: &str = "GPU lease";

/// Every process of a run of this state folder, and everything that is leased to one. Agents are
/// known by their configuration; what is left of their commands by its mark and its working folder:
/// runs of another state folder are not this one's to end.
pub(crate) fn holdings(config: &LocalConfig) -> Holdings {
    let runs = config.state.join("runs");
    let agents =
        sys::processes().into_iter().filter(|process| !process.zombie).filter_map(|process| {
            let line = sys::command_line(process.pid)?;
            let at = line.iter().position(|word| word == "--config")?;
            let mut path = Path::new(line.get(at + 1)?).strip_prefix(&runs).ok()?.iter();
            Some((process, path.next()?.to_str()?.parse().ok()?))
        });
    let commands = sys::marked().into_iter().filter_map(|(process, run)| {
        let works_here = sys::working_dir(process.pid).is_some_and(|dir| dir.starts_with(&runs));
        works_here.then_some((process, run.parse::<RunId>().ok()?))
    });
    let mut things: Vec<Holding> = agents
        .chain(commands)
        .map(|(process, run)| Holding {
            uid: format!("{}/{}", process.pid, process.start),
            runs: true,
            ..Holding::new(run, PROCESS, process.pid.to_string())
        })
        .collect();
    for (kind, leases) in leases(config) {
        let all = leases.all().into_iter();
        things.extend(all.map(|(thing, run)| Holding::new(run, kind, thing)));
    }
    Holdings { things, unseen: Vec::new() }
}

fn leases(config: &LocalConfig) -> [(&'static str, Leases); 2] {
    [(PORT, Leases::ports(&config.state)), (GPU, Leases::gpus(&config.state))]
}

/// Kills the process, or gives the thing back.
pub(crate) fn discard(config: &LocalConfig, holding: &Holding) -> Result<(), RuntimeError> {
    if holding.kind == PROCESS {
        let mark = holding.uid.split_once('/').and_then(|(pid, start)| {
            Some(ProcessMark { pid: pid.parse().ok()?, start: start.parse().ok()? })
        });
        if let Some(mark) = mark.filter(|mark| mark.is_alive()) {
            sys::signal(mark.pid, Signal::KILL);
        }
        return Ok(());
    }
    for (_, leases) in leases(config).iter().filter(|(kind, _)| *kind == holding.kind) {
        leases.give_back(&holding.name, &holding.run)?;
    }
    Ok(())
}
