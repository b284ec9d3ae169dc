//! Does what was proposed. One thing that can't be removed doesn't stop the rest, and what belongs to
//! it in the state folder stays until it can.

use std::collections::BTreeMap;
use std::io;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::gather::last_use;
use super::output::Stored;
use super::proposal::{Folder, Proposal, Removal};
use super::survey::Cache;
use crate::gang::RunId;
use crate::runtime::{Holding, Runtime, RuntimeError};
use crate::store::{Store, StoreError, remove_tree};

/// Objects that were deleted are gone within this time, or something holds them.
const GONE_LIMIT: Duration = Duration::from_mins(1);
/// Time between two questions whether they are gone.
const PACE: Duration = Duration::from_millis(300);

/// Something that could not be removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The run, if it is one's.
    pub run: Option<RunId>,
    /// What: kind and name.
    pub what: String,
    /// Why it could not be removed, for people.
    pub why: String,
}

impl Failure {
    fn of(removal: &Removal, what: String, why: impl ToString) -> Self {
        Self { run: removal.run.clone(), what, why: why.to_string() }
    }
}

/// Removes what was proposed, and returns what could not be removed; empty when all of it is gone.
/// `runtime_of` gives the runtime of a name, `None` for one that could not be asked; `progress` is
/// called with every removal before it begins. `unstore` removes what goes of a run's output; it is told
/// whether the run was alive until now.
pub fn carry_out<'b>(
    proposal: &Proposal,
    store: &Store,
    runtime_of: &dyn Fn(&str) -> Option<&'b dyn Runtime>,
    unstore: &mut dyn FnMut(&Stored, bool) -> Result<(), String>,
    progress: &mut dyn FnMut(&Removal),
) -> Vec<Failure> {
    let mut failures = Vec::new();
    for removal in &proposal.removals {
        progress(removal);
        if let Some(runtime) = removal.runtime.as_deref().and_then(runtime_of) {
            failures.extend(discard(removal, store, runtime));
        }
    }
    failures.extend(wait_until_gone(proposal, runtime_of));
    // Who could still write to an output is gone by now, or has failed to go.
    let mut of_outputs = Vec::new();
    for removal in proposal.removals.iter().filter(|one| !has_failed(&failures, one)) {
        let Some(stored) = &removal.stored else { continue };
        if let Err(why) = unstore(stored, removal.ends) {
            let what = format!("what it left in {}", stored.output);
            of_outputs.push(Failure::of(removal, what, why));
        }
    }
    failures.extend(of_outputs);
    // A run's folder goes last and only if nothing else is left: it is what finds the rest again.
    let mut of_folders = Vec::new();
    for removal in proposal.removals.iter().filter(|one| !has_failed(&failures, one)) {
        of_folders.extend(remove_folder(removal, store));
    }
    failures.extend(of_folders);
    failures
}

/// Something of this run could not be removed.
fn has_failed(failures: &[Failure], removal: &Removal) -> bool {
    removal.run.is_some() && failures.iter().any(|failure| failure.run == removal.run)
}

fn discard(removal: &Removal, store: &Store, runtime: &dyn Runtime) -> Vec<Failure> {
    let mut failures = Vec::new();
    if let Some(run) = removal.run.as_ref().filter(|_| removal.ends)
        && removal.folder != Folder::None
        && let Err(error) = runtime.remove(&store.paths(run))
    {
        failures.push(Failure::of(removal, "its processes".into(), error));
        return failures;
    }
    let has_record = removal.things.iter().any(|thing| thing.is_record);
    for thing in &removal.things {
        // Kubernetes removes what the record owns together with it, and pods with what makes them.
        let makes_pods = ["Job", "Deployment"].contains(&thing.kind.as_str());
        if thing.is_owned && !makes_pods && has_record {
            continue;
        }
        if !failures.is_empty() && thing.is_record {
            // Without its record nobody would find again what is left of the run.
            break;
        }
        if let Err(error) = runtime.discard(thing) {
            failures.push(Failure::of(removal, named(thing), error));
        }
    }
    failures
}

fn wait_until_gone<'b>(
    proposal: &Proposal,
    runtime_of: &dyn Fn(&str) -> Option<&'b dyn Runtime>,
) -> Vec<Failure> {
    let mut waiting: BTreeMap<&str, Vec<(&Removal, &Holding)>> = BTreeMap::new();
    for removal in &proposal.removals {
        for thing in removal.things.iter().filter(|thing| !thing.uid.is_empty()) {
            let name = removal.runtime.as_deref().unwrap_or_default();
            waiting.entry(name).or_default().push((removal, thing));
        }
    }
    let mut failures = Vec::new();
    for (name, things) in waiting {
        let Some(runtime) = runtime_of(name) else { continue };
        failures.extend(wait_for(runtime, things));
    }
    failures
}

fn wait_for(runtime: &dyn Runtime, mut things: Vec<(&Removal, &Holding)>) -> Vec<Failure> {
    let begin = Instant::now();
    loop {
        let left: Result<BTreeMap<String, Holding>, RuntimeError> = runtime
            .holdings()
            .map(|held| held.things.into_iter().map(|thing| (thing.uid.clone(), thing)).collect());
        let left = match left {
            Ok(left) => left,
            Err(error) if begin.elapsed() > GONE_LIMIT => {
                let failed = |(removal, thing): (&Removal, &Holding)| {
                    Failure::of(removal, named(thing), format!("not known to be gone: {error}"))
                };
                return things.into_iter().map(failed).collect();
            }
            Err(_) => {
                std::thread::sleep(PACE);
                continue;
            }
        };
        things.retain(|(_, thing)| left.contains_key(&thing.uid));
        if things.is_empty() {
            return Vec::new();
        }
        if begin.elapsed() > GONE_LIMIT {
            return things
                .into_iter()
                .map(|(removal, thing)| {
                    let held_by = left.get(&thing.uid).map(|now| now.held_by.join(", "));
                    let why = match held_by.filter(|names| !names.is_empty()) {
                        Some(names) => format!("still there: held by the finalizers {names}"),
                        None => "still there a minute after it was deleted".into(),
                    };
                    Failure::of(removal, named(thing), why)
                })
                .collect();
        }
        std::thread::sleep(PACE);
    }
}

fn remove_folder(removal: &Removal, store: &Store) -> Option<Failure> {
    let result = match (&removal.run, &removal.cache, removal.folder) {
        (Some(run), _, Folder::Removed) => store.remove_run(run),
        (Some(run), _, Folder::Stripped) => store.strip_run(run),
        (_, Some(cache), _) => remove_cache(cache).map_err(StoreError::from),
        _ => return None,
    };
    let what = || match &removal.cache {
        Some(cache) => format!("folder {}", cache.path.display()),
        None => "its folder".into(),
    };
    result.err().map(|error| Failure::of(removal, what(), error))
}

/// Removes a cached folder, unless a run has taken it into use since it was surveyed. A run
/// that wants it meanwhile waits for the lock and then makes it anew. It loses its name first, so that a
/// removal that dies half-way leaves nothing that passes for a whole one, only a folder that the next
/// clean-up finds.
fn remove_cache(cache: &Cache) -> io::Result<()> {
    let busy = || io::Error::new(io::ErrorKind::ResourceBusy, "it is in use again");
    let lock = match fs_err::File::open(cache.path.with_extension("lock")) {
        Ok(lock) => Some(lock),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if lock.as_ref().is_some_and(|lock| lock.file().try_lock().is_err())
        || last_use(&cache.path) != cache.used
    {
        return Err(busy());
    }
    let nameless = tempfile::Builder::new()
        .prefix(".gone-")
        .tempdir_in(cache.path.parent().ok_or_else(|| io::Error::other("it is in no folder"))?)?;
    let gone = nameless.keep();
    match fs_err::rename(&cache.path, gone.join("cache")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => remove_tree(&gone),
    }
}

fn named(thing: &Holding) -> String {
    format!("{} {}", thing.kind, thing.name)
}
