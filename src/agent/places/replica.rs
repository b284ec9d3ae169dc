//! The places of one replica over its life: data before set-up, outputs around each attempt.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::cache::fetch_all;
use super::config::ClaimedOutput;
use super::connected::Connected;
use super::error::PlaceError;
use super::fetch::{Lines, fetch_archive};
use super::keeper::Keeper;
use super::watch::Watch;
use crate::agent::config::{AgentConfig, Code};
use crate::agent::log::Log;
use crate::agent::process::{Control, Ended};
use crate::agent::work_link::WorkLink;
use crate::event::EventKind;
use crate::gang::ExitStatus;
use crate::storage::Claims;

/// An output is given back within this time, or stays claimed.
const GIVE_BACK_LIMIT: Duration = Duration::from_secs(3);

/// The places of one replica.
pub(in crate::agent) struct ReplicaPlaces {
    config: Arc<AgentConfig>,
    /// The command's variables, among which its credentials are.
    env: Vec<(String, String)>,
    log: Arc<Log>,
    connected: Mutex<Option<Arc<Connected>>>,
    keeper: Mutex<Option<Arc<Keeper>>>,
    /// The last command was killed, so that what it wrote last may be a half.
    is_torn: AtomicBool,
}

impl ReplicaPlaces {
    pub(in crate::agent) fn new(
        config: Arc<AgentConfig>,
        env: Vec<(String, String)>,
        log: Arc<Log>,
    ) -> Self {
        Self {
            config,
            env,
            log,
            connected: Mutex::default(),
            keeper: Mutex::default(),
            is_torn: AtomicBool::new(false),
        }
    }

    /// Fetches the code where it is an archive in a bucket; `false`: it was not there before.
    pub(in crate::agent) fn fetch_code(&self, control: &Control) -> Result<bool, Ended> {
        let Some(Code::Archive { from, file }) = &self.config.code else { return Ok(true) };
        let say = |line: &str| self.log.setup_output(format!("{line}\n").as_bytes());
        let fetched = self.connected().and_then(|connected| {
            if file.exists() {
                return Ok(true);
            }
            let lines = Lines::new("code", &say);
            let fetched = fetch_archive(&connected.stores, from, file, &lines);
            connected.wait(&|| control.is_ended(), fetched)?;
            Ok(false)
        });
        fetched.map_err(|error| error.ended("the code could not be fetched"))
    }

    /// Claims the output for the run, where this agent does so for all of it.
    pub(in crate::agent) fn claim(&self, control: &Control) -> Result<(), Ended> {
        let Some(ClaimedOutput { place, mode }) = &self.config.places.claim else { return Ok(()) };
        let taken = self.connected().and_then(|connected| {
            let claims = Claims::new(&connected.stores, place, &|_| None);
            let run = &self.config.gang.run;
            connected.wait(&|| control.is_ended(), async { Ok(claims.take(run, *mode).await?) })
        });
        taken.map_err(|error| error.ended("the output could not be claimed"))
    }

    /// Gives an output back that the run has left empty, once it has ended: the next run needs nobody's
    /// permission then. A store that doesn't answer in time keeps the claim.
    pub(in crate::agent) fn give_back(&self) {
        let Some(ClaimedOutput { place, .. }) = &self.config.places.claim else { return };
        let begin = Instant::now();
        // Whoever wants the output next is told whose it is, where it could not be given back.
        let _ = self.connected().and_then(|connected| {
            let claims = Claims::new(&connected.stores, place, &|_| None);
            let run = &self.config.gang.run;
            let is_late = || begin.elapsed() >= GIVE_BACK_LIMIT;
            connected.wait(&is_late, async { Ok(claims.give_back(run).await?) })
        });
    }

    /// Fetches the data, and says what links to them. The second value: they were in the cache.
    pub(in crate::agent) fn fetch(
        &self,
        control: &Control,
    ) -> Result<(Vec<WorkLink>, bool), Ended> {
        let data = &self.config.places.data;
        if data.is_empty() {
            return Ok((Vec::new(), true));
        }
        let say = |line: &str| self.log.setup_output(format!("{line}\n").as_bytes());
        let ended = || control.is_ended();
        self.connected()
            .and_then(|connected| {
                let cache = &self.config.cache_dir;
                fetch_all(&connected, data, cache, self.config.runtime, &say, &ended)
            })
            .map_err(|error| error.ended("the data could not be fetched"))
    }

    /// Fills the output's folder with what is kept of it, and watches it from then on.
    pub(in crate::agent) fn begin(&self, control: &Control) -> Result<Option<Watch>, Ended> {
        // Each time: one that has been taken over meanwhile is no longer this run's.
        self.claim(control)?;
        let restored = self.keeper().and_then(|keeper| {
            let Some(keeper) = keeper else { return Ok(None) };
            let (files, bytes) = keeper.restore(&|| control.is_ended())?;
            if files > 0 {
                self.say(&format!("{files} files restored, {:.1} MB", bytes as f64 / 1e6));
            }
            Ok(Some(keeper))
        });
        let keeper = restored.map_err(|error| error.ended("the output could not be restored"))?;
        let log = Arc::clone(&self.log);
        let warn = move |message| log.own(EventKind::Warning { message });
        Ok(keeper.map(|keeper| Watch::start(keeper, warn)))
    }

    /// Uploads what a command has left that ended well: only when that is kept, it has ended well. What
    /// another leaves is uploaded when its failure is known, by [`Self::leave`].
    pub(in crate::agent) fn end(
        &self,
        watch: Option<Watch>,
        ended: Ended,
        control: &Control,
    ) -> Ended {
        let Some(watch) = watch else { return ended };
        let is_success = ended == Ended::Exited(ExitStatus::Code(0));
        self.is_torn.store(!is_by_itself(&ended), Ordering::Relaxed);
        watch.stop(!is_success);
        if !is_success {
            return ended;
        }
        let kept = self.keeper().and_then(|keeper| match keeper {
            Some(keeper) => keeper.finish(true, &|| control.is_killed()),
            None => Ok(super::keeper::Round::default()),
        });
        match kept {
            Ok(round) => {
                let mb = round.bytes as f64 / 1e6;
                self.say(&format!(
                    "everything is uploaded; {} files at the end, {mb:.1} MB",
                    round.files
                ));
                ended
            }
            Err(error) => {
                error.ended("the command ended well, but its output could not be uploaded")
            }
        }
    }

    /// Uploads what a failed command has left, for as long as its clean-up may take. Of a killed one
    /// only what it had not touched for a moment is taken.
    pub(in crate::agent) fn leave(&self, limit: Duration) {
        let begin = Instant::now();
        let is_late = || begin.elapsed() >= limit;
        let is_torn = self.is_torn.load(Ordering::Relaxed);
        let Some(keeper) = self.lock_keeper().clone() else { return };
        let left = if is_torn { keeper.doubt(&is_late) } else { keeper.finish(false, &is_late) };
        if let Err(error) = left {
            let message = format!("what the command wrote last is not uploaded yet: {error}");
            self.log.own(EventKind::Warning { message });
        }
    }

    fn say(&self, what: &str) {
        if let Some(output) = &self.config.places.output {
            self.log.command_output(format!("output: {}: {what}\n", output.uri).as_bytes());
        }
    }

    fn connected(&self) -> Result<Arc<Connected>, PlaceError> {
        let mut connected = self.connected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connected) = &*connected {
            return Ok(Arc::clone(connected));
        }
        let new = Arc::new(Connected::new(&self.env, &self.config.places.buckets)?);
        *connected = Some(Arc::clone(&new));
        Ok(new)
    }

    /// The keeper of the output; `None` when the command writes to it by itself.
    fn keeper(&self) -> Result<Option<Arc<Keeper>>, PlaceError> {
        let Some(output) = &self.config.places.output else { return Ok(None) };
        let mut keeper = self.lock_keeper();
        if keeper.is_none() {
            let AgentConfig { gang, replica, .. } = &*self.config;
            let primary = gang.primary().unwrap_or(replica);
            let new = Keeper::new(self.connected()?, output.clone(), &gang.run, replica, primary);
            *keeper = Some(Arc::new(new));
        }
        Ok(keeper.clone())
    }

    fn lock_keeper(&self) -> std::sync::MutexGuard<'_, Option<Arc<Keeper>>> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It ended of its own will, and so has closed what it wrote. A shell says by a code above 128 that a
/// signal ended what it ran.
fn is_by_itself(ended: &Ended) -> bool {
    matches!(ended, Ended::Exited(ExitStatus::Code(0..=128)))
}
