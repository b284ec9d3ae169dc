//! The checks of this machine, one after the other.

use std::path::Path;

use jiff::Timestamp;

use super::folders;
use super::python;
use super::python::FRAMEWORKS;
use crate::doctor;
use crate::doctor::{Finding, GpuFacts, Place, PythonFacts, Visit};
use crate::gang::RunId;
use crate::runtime::local::runtime::Local;
use crate::store::{ListFilter, Store};

/// How much of this machine matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaptopChecks {
    /// What any mlctl needs; runs are elsewhere.
    Basics,
    /// And what local runs need.
    All,
}

impl Local {
    /// Looks at this machine and tells what it finds.
    pub fn examine(&self, checks: LaptopChecks, visit: &Visit) {
        visit.begin("the state folder");
        let state = folders::folder(&self.config.state);
        let has_room = state.written.is_ok();
        visit.tell(doctor::folder("state", "XDG_STATE_HOME", &state));
        visit.tell(doctor::state(&self.runs()));
        let cache = folders::folder(&self.config.cache);
        visit.tell(doctor::folder("cache", "XDG_CACHE_HOME", &cache));
        if checks == LaptopChecks::Basics || visit.is_stopped() {
            return;
        }
        visit.begin("the clock");
        visit.tell(self.clock(has_room));
        visit.begin("the ports");
        visit.tell(doctor::ports(&folders::ports()));
        visit.begin("nvidia-smi");
        let gpus = python::gpus(&self.config, visit);
        visit.tell(doctor::gpus(&gpus));
        visit.begin("python");
        let python = || python::command(&self.config, Path::new(python::INTERPRETER));
        let pip = python::Pip::Looked(&self.config.cache);
        let found = python::python(&python, pip, &|| visit.is_stopped());
        visit.tell(doctor::python(&found));
        if !visit.is_stopped() {
            self.frameworks(&found, &gpus, visit);
        }
    }

    fn runs(&self) -> Result<(usize, Vec<String>), String> {
        let store = Store::open(&self.config.state).map_err(|error| error.to_string())?;
        let report = store.check().map_err(|error| error.to_string())?;
        Ok((report.runs, report.problems))
    }

    /// Without a server to ask: the newest run, and this very program, were there before now.
    fn clock(&self, has_room: bool) -> Finding {
        let mut past = Vec::new();
        let made = fs_err::metadata(&self.config.exe).and_then(|meta| meta.modified());
        if let Some(made) = made.ok().and_then(|at| Timestamp::try_from(at).ok()) {
            past.push(("this mlctl was installed", made));
        }
        // A list may have to mend the index, which needs room.
        if has_room && self.config.state.exists() {
            let filter = ListFilter { limit: Some(1), ..ListFilter::default() };
            let listed = Store::open(&self.config.state)
                .and_then(|store| store.list(&filter, &mut |run: &RunId| store.record(run)));
            let newest = listed.ok().and_then(|mut listing| listing.runs.pop());
            past.extend(newest.map(|run| ("the newest run was submitted", run.entry.created)));
        }
        doctor::clock_by_memory(&past, Timestamp::now())
    }

    /// All at once: most of the time of importing goes into waiting for the disk.
    fn frameworks(&self, python: &PythonFacts, gpus: &GpuFacts, visit: &Visit) {
        if !matches!(python, PythonFacts::There { .. }) {
            for framework in &FRAMEWORKS {
                let what = "not looked for: python3 doesn't work";
                visit.tell(Finding::skip(Place::Laptop, framework.module, what));
            }
            return;
        }
        let names: Vec<&str> = FRAMEWORKS.iter().map(|one| one.module).collect();
        visit.begin(format!("importing {}", names.join(", ")));
        let has_gpus = matches!(gpus, GpuFacts::There { names, .. } if !names.is_empty());
        std::thread::scope(|scope| {
            let asked: Vec<_> = FRAMEWORKS
                .iter()
                .map(|one| {
                    let look = || python::framework(&self.config, one, has_gpus, visit);
                    (one, scope.spawn(look))
                })
                .collect();
            for (one, answer) in asked {
                if let Ok(facts) = answer.join() {
                    visit.tell(doctor::framework(one.module, one.package, &facts));
                }
            }
        });
    }
}
