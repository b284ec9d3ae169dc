//! Runs that wait for GPUs, in the order in which they came.
//!
//! Each has a file in the state, named by its number and its run, which holds the devices that it could be
//! given. Whatever is in the list of a run that waits is free for nobody behind it, so that no run is passed
//! for ever by others that want less. A run whose mlctl has died waits no longer. Only who holds the lock of
//! the leases looks here or changes anything but its own end.

use std::io;
use std::path::{Path, PathBuf};

use crate::gang::RunId;
use crate::sys;

/// The queue of a state folder.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    dir: PathBuf,
}

/// A run that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    number: u64,
    /// Who waits.
    pub(super) run: RunId,
    /// The UUIDs of what it could be given.
    pub(super) devices: Vec<String>,
}

impl Queue {
    /// The runs of this state folder that wait for GPUs.
    pub(super) fn gpus(state: &Path) -> Self {
        Self { dir: state.join("leases").join("waiting") }
    }

    /// Those that live, in their order; files of others are removed.
    pub(super) fn tickets(&self, alive: &dyn Fn(&RunId) -> bool) -> Vec<Ticket> {
        let mut all = Vec::new();
        for entry in fs_err::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().into_string().unwrap_or_default();
            let ticket = name.split_once('-').and_then(|(number, run)| {
                let devices = serde_json::from_slice(&sys::read_own(&entry.path()).ok()?);
                let devices = devices.unwrap_or_default();
                Some(Ticket { number: number.parse().ok()?, run: run.parse().ok()?, devices })
            });
            match ticket {
                Some(ticket) if alive(&ticket.run) => all.push(ticket),
                // It holds nobody up from here on, removed or not.
                _ => _ = fs_err::remove_file(entry.path()),
            }
        }
        all.sort_by_key(|ticket| ticket.number);
        all
    }

    /// The runs that come before this one; all of them for a run that does not wait.
    pub(super) fn before(&self, run: &RunId, alive: &dyn Fn(&RunId) -> bool) -> Vec<Ticket> {
        let all = self.tickets(alive);
        all.into_iter().take_while(|ticket| ticket.run != *run).collect()
    }

    /// Takes the last place, or keeps its own, with what it could be given.
    pub(super) fn join(
        &self,
        run: &RunId,
        devices: &[String],
        alive: &dyn Fn(&RunId) -> bool,
    ) -> io::Result<()> {
        fs_err::create_dir_all(&self.dir)?;
        let all = self.tickets(alive);
        let mine = all.iter().find(|ticket| ticket.run == *run);
        if mine.is_some_and(|ticket| ticket.devices == devices) {
            return Ok(());
        }
        let mine = mine.map(|ticket| ticket.number);
        let last = all.last().map_or(0, |ticket| ticket.number);
        let number = mine.unwrap_or(last + 1);
        let bytes = serde_json::to_vec(devices).map_err(io::Error::from)?;
        fs_err::write(self.dir.join(format!("{number:08}-{run}")), bytes)
    }

    /// Gives its place up.
    pub(super) fn leave(&self, run: &RunId) {
        for entry in fs_err::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().into_string().unwrap_or_default();
            if name.split_once('-').is_some_and(|(_, own)| *own == **run) {
                let _ = fs_err::remove_file(entry.path());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_hold_nobody_up() {
        let state = tempfile::tempdir().unwrap();
        let queue = Queue::gpus(state.path());
        let everybody = |_: &RunId| true;
        for run in ["a-1", "b-2", "c-3"] {
            queue.join(&run.into(), &["GPU-1".into()], &everybody).unwrap();
        }
        // Asking again changes no place.
        queue.join(&"a-1".into(), &["GPU-1".into(), "GPU-2".into()], &everybody).unwrap();
        let before = |run: &str, alive: &dyn Fn(&RunId) -> bool| -> Vec<String> {
            let all = queue.before(&run.into(), alive).into_iter();
            all.map(|ticket| ticket.run.to_string()).collect()
        };
        assert_eq!(before("c-3", &everybody), ["a-1", "b-2"]);
        assert_eq!(before("new-9", &everybody), ["a-1", "b-2", "c-3"]);
        assert_eq!(before("c-3", &|run| **run != *"a-1"), ["b-2"]);
        queue.leave(&"b-2".into());
        assert_eq!(before("c-3", &everybody), Vec::<String>::new());
    }
}
