//! Keeps a folder in a bucket.
//!
//! Who keeps what: the primary `model/`, `checkpoints/` and `logs/`; in a cluster, where each replica
//! has a folder of its own, the others `checkpoints/` and `logs/` as well, since sharded checkpoints
//! are written by all. The primary's objects have the names of its files. Those of others lie in
//! `_mlctl/sync/REPLICA/` until their command has ended well, and then take names that the primary
//! has not used: two replicas never write one object.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};

use super::config::KeptOutput;
use super::connected::Connected;
use super::error::PlaceError;
use super::folder::scan;
use super::manifest::{Kept, Manifest, beside};
use super::names::below;
use super::settle::{Print, Scan, Settling, changed, grows, of_unit, unit};
use super::transfer::{digest_of, upload};
use crate::gang::{ReplicaId, RunId};

/// How many files are uploaded at once.
const FILES: usize = 4;
/// How often the last upload is tried when files change meanwhile.
const ROUNDS: usize = 3;

/// Keeps the folder of one replica.
pub(in crate::agent) struct Keeper {
    pub(super) connected: Arc<Connected>,
    pub(super) output: KeptOutput,
    pub(super) run: RunId,
    pub(super) replica: ReplicaId,
    pub(super) primary: ReplicaId,
    start: Instant,
    state: Mutex<State>,
}

/// What is uploaded, as far as this agent knows.
#[derive(Default)]
pub(super) struct State {
    /// The document; `None` before the first restore.
    pub(super) manifest: Option<Manifest>,
    /// Files that are the same here and there.
    pub(super) known: BTreeMap<String, Known>,
    settling: Settling,
    /// Files that a killed command may have left half-written. They don't count before they change.
    doubted: Scan,
}

/// A file that is the same here and there.
pub(super) struct Known {
    pub(super) print: Print,
    pub(super) sha256: String,
}

/// What one round has uploaded.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::agent) struct Round {
    pub(in crate::agent) files: usize,
    pub(in crate::agent) bytes: u64,
    /// Files changed while they were uploaded, and were left out.
    restless: bool,
}

impl Keeper {
    pub(in crate::agent) fn new(
        connected: Arc<Connected>,
        output: KeptOutput,
        run: &RunId,
        replica: &ReplicaId,
        primary: &ReplicaId,
    ) -> Self {
        Self {
            connected,
            output,
            run: run.into(),
            replica: replica.clone(),
            primary: primary.clone(),
            start: Instant::now(),
            state: Mutex::default(),
        }
    }

    pub(super) fn is_primary(&self) -> bool {
        self.replica == self.primary
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uploads what has changed and is whole.
    pub(in crate::agent) fn round(&self, is_ended: &dyn Fn() -> bool) -> Result<Round, PlaceError> {
        let mut state = self.lock();
        let mut scan = scan(&self.output, false)?;
        let known = prints(&state.known);
        for (path, print) in &state.doubted {
            if scan.get(path) == Some(print) {
                match known.get(path) {
                    Some(kept) => scan.insert(path.clone(), *kept),
                    None => scan.remove(path),
                };
            }
        }
        let units = state.settling.whole(&scan, &known, self.start.elapsed());
        self.connected.wait(is_ended, self.commit(&mut state, &scan, &units, false))
    }

    /// Uploads what is whole after a command was killed. What it was still writing doesn't count.
    pub(in crate::agent) fn doubt(&self, is_ended: &dyn Fn() -> bool) -> Result<Round, PlaceError> {
        let done = self.round(is_ended);
        let mut state = self.lock();
        let scan = scan(&self.output, true)?;
        let known = prints(&state.known);
        let torn = changed(&scan, &known).into_iter().filter(|unit| !grows(unit));
        state.doubted = torn.flat_map(|unit| of_unit(&scan, &unit)).collect();
        state.doubted.retain(|path, print| known.get(path) != Some(print));
        done
    }

    /// Uploads everything that has changed, when the command has ended. `whole`: it has ended well, so
    /// that files take their own names.
    pub(in crate::agent) fn finish(
        &self,
        whole: bool,
        is_ended: &dyn Fn() -> bool,
    ) -> Result<Round, PlaceError> {
        let mut state = self.lock();
        let mut done = Round::default();
        for _ in 0..ROUNDS {
            let scan = scan(&self.output, whole)?;
            let units: Vec<String> = changed(&scan, &prints(&state.known)).into_iter().collect();
            let round =
                self.connected.wait(is_ended, self.commit(&mut state, &scan, &units, whole))?;
            done.files += round.files;
            done.bytes += round.bytes;
            if !round.restless {
                return Ok(done);
            }
        }
        Err(PlaceError::Restless(self.output.folder.display().to_string()))
    }

    /// Uploads the changed files of units, then the document, and only then lets files take their
    /// names and removes what it no longer names.
    async fn commit(
        &self,
        state: &mut State,
        before: &Scan,
        units: &[String],
        whole: bool,
    ) -> Result<Round, PlaceError> {
        let stores = &self.connected.stores;
        let mut manifest = state.manifest.clone().unwrap_or_else(|| Manifest::new(&self.run));
        let known = &state.known;
        let is_new = |(path, print): &(&String, &Print)| {
            known.get(*path).is_none_or(|known| known.print != **print)
        };
        let wanted: Vec<(String, Print)> = before
            .iter()
            .filter(|(path, _)| units.contains(&unit(path)))
            .filter(is_new)
            .map(|(path, print)| (path.clone(), *print))
            .collect();
        let uploaded: Vec<Option<(String, Print, Kept)>> = stream::iter(wanted)
            .map(|(path, print)| self.upload(path, print, &manifest))
            .buffer_unordered(FILES)
            .try_collect()
            .await?;
        let after = scan(&self.output, whole)?;
        let restless: BTreeSet<&String> = units
            .iter()
            .filter(|unit| !grows(unit) && of_unit(before, unit) != of_unit(&after, unit))
            .collect();
        let mut round = Round { restless: !restless.is_empty(), ..Round::default() };
        let taken = |path: &str| {
            let unit = unit(path);
            units.contains(&unit) && !restless.contains(&unit)
        };
        let mut known_now = Vec::new();
        let mut dropped = Vec::new();
        for (path, print, kept) in uploaded.into_iter().flatten().filter(|(path, ..)| taken(path)) {
            round.files += 1;
            round.bytes += kept.size;
            known_now.push((path.clone(), Known { print, sha256: kept.sha256.clone() }));
            let earlier = manifest.files.insert(path.clone(), kept.clone());
            // The version that a file's own name has is written over by the next one.
            let replaced = earlier.filter(|old| old.object.is_some() && old.object != kept.object);
            dropped.extend(replaced.map(|old| (path, old)));
        }
        let gone: Vec<String> = state
            .known
            .keys()
            .filter(|path| taken(path) && !before.contains_key(*path))
            .cloned()
            .collect();
        dropped.extend(gone.iter().filter_map(|path| manifest.files.remove_entry(path)));
        if round.files > 0 || !dropped.is_empty() {
            manifest.put(stores, &self.output.uri, &self.replica).await?;
        }
        state.known.extend(known_now);
        state.known.retain(|path, _| !gone.contains(path));
        state.manifest = Some(manifest);
        for (path, kept) in dropped {
            stores.delete(&kept.place(&self.output.uri, &path)).await?;
        }
        if self.is_primary() || (whole && !round.restless) {
            self.publish(state).await?;
        }
        Ok(round)
    }

    /// Uploads a file; `None` when the command has removed it meanwhile.
    async fn upload(
        &self,
        path: String,
        print: Print,
        manifest: &Manifest,
    ) -> Result<Option<(String, Print, Kept)>, PlaceError> {
        let file = self.output.folder.join(&path);
        let earlier = manifest.files.get(&path);
        let done = async {
            let mut object = None;
            if earlier.is_some() || !self.is_primary() {
                let (size, sha256) = digest_of(&file)?;
                if let Some(same) = earlier.filter(|earlier| earlier.sha256 == sha256) {
                    return Ok(Kept { size, ..same.clone() });
                }
                object = Some(beside(&self.replica, &format!("{sha256}/{path}")));
            }
            let to = below(&self.output.uri, object.as_deref().unwrap_or(&path));
            let (size, sha256) = upload(&self.connected.stores, &file, &to).await?;
            Ok(Kept { size, sha256, object })
        };
        match done.await {
            Ok(kept) => Ok(Some((path, print, kept))),
            Err(PlaceError::Local { error, .. }) if error.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Lets what lies beside take the names of its files.
    async fn publish(&self, state: &mut State) -> Result<(), PlaceError> {
        let stores = &self.connected.stores;
        let Some(manifest) = &mut state.manifest else { return Ok(()) };
        let aside: Vec<(String, Kept)> = manifest
            .files
            .iter()
            .filter(|(_, kept)| kept.object.is_some())
            .map(|(path, kept)| (path.clone(), kept.clone()))
            .collect();
        if aside.is_empty() {
            return Ok(());
        }
        let of_primary = if self.is_primary() {
            None
        } else {
            Manifest::all(stores, &self.output.uri).await?.remove(&self.primary)
        };
        for (path, kept) in &aside {
            if of_primary.as_ref().is_some_and(|primary| primary.files.contains_key(path)) {
                manifest.files.remove(path);
                continue;
            }
            let from = stores.head(&kept.place(&self.output.uri, path)).await?;
            stores.copy(&from, &below(&self.output.uri, path)).await?;
            manifest.files.insert(path.clone(), Kept { object: None, ..kept.clone() });
        }
        manifest.put(stores, &self.output.uri, &self.replica).await?;
        let sources: BTreeSet<_> = aside
            .iter()
            .map(|(path, kept)| kept.place(&self.output.uri, path).to_string())
            .collect();
        for source in sources {
            stores.delete(&source.as_str().into()).await?;
        }
        Ok(())
    }
}

fn prints(known: &BTreeMap<String, Known>) -> Scan {
    known.iter().map(|(path, known)| (path.clone(), known.print)).collect()
}
