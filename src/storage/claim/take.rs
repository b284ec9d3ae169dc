//! How a place is claimed, taken over and given back, by put-if-absent alone.

use std::path::Path;
use std::{fmt, io};

use jiff::Timestamp;

use super::document::{ClaimMode, FOLDER, OUTPUT_CLAIM_VERSION, OutputClaim, name_of, number_of};
use super::error::ClaimError;
use crate::storage::{OWNER_FILE, Object, Place, Put, StorageError, StorageErrorKind, Stores};
use crate::text::read_document;

/// A claim is a few words.
const LIMIT: u64 = 1 << 16;
/// How often a claim is looked for anew while others come and go.
const ATTEMPTS: u32 = 50;
/// The parts of an output by which it counts as filled.
const FILLED: [&str; 2] = ["model", "checkpoints"];
/// What is removed where a run starts anew, beside [`FILLED`].
const REMOVED: [&str; 2] = ["logs", "_mlctl/sync"];

/// Whether a run lives, by its id as a claim has it; `None`: nobody here knows.
pub type Lives<'a> = &'a (dyn Fn(&str) -> Option<bool> + Sync);

/// The claims on one output.
#[derive(Clone, Copy)]
pub struct Claims<'a> {
    stores: &'a Stores,
    output: &'a Place,
    lives: Lives<'a>,
}

impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("output", self.output).finish_non_exhaustive()
    }
}

/// The highest claim on an output.
struct Holder {
    number: u64,
    run: String,
}

impl<'a> Claims<'a> {
    /// The claims on a folder or a prefix of a bucket. What `lives` knows of other runs decides where it
    /// can: nothing is taken from one that lives, and one that has ended holds nothing that it left empty.
    pub fn new(stores: &'a Stores, output: &'a Place, lives: Lives<'a>) -> Self {
        Self { stores, output, lives }
    }

    /// Claims the output for a run, once: a run that has it already may ask again.
    ///
    /// # Errors
    /// Another run has it and `mode` leaves it to that; the store can't be asked.
    pub async fn take(&self, run: &str, mode: ClaimMode) -> Result<(), ClaimError> {
        let mut seen: Option<Option<String>> = None;
        for _ in 0..ATTEMPTS {
            let holder = self.holder().await?;
            if holder.as_ref().is_some_and(|holder| holder.run == run) {
                return Ok(());
            }
            let now = holder.as_ref().map(|holder| holder.run.clone());
            // What may be taken over is the one that was there when this run came, no later one.
            if let (Some(before), Some(now)) = (&seen, &now)
                && before.as_ref() != Some(now)
            {
                return Err(ClaimError::Taken { place: self.output.clone(), run: now.clone() });
            }
            seen.get_or_insert(now);
            self.permit(holder.as_ref(), mode).await?;
            if mode == ClaimMode::Overwrite {
                // Before the claim: whoever is killed in between finds the other's claim again, and
                // removes the rest.
                self.empty().await?;
            }
            let number = holder.map_or(0, |holder| holder.number) + 1;
            let put = self.stores.put_if_absent(&self.place(number), self.document(run)?).await?;
            if put == Put::Created {
                return Ok(());
            }
        }
        let holder = self.holder().await?.map_or_else(String::new, |holder| holder.run);
        Err(ClaimError::Taken { place: self.output.clone(), run: holder })
    }

    /// Says whether a run could claim the output now, and changes nothing.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub async fn look(&self, run: &str, mode: ClaimMode) -> Result<(), ClaimError> {
        match self.holder().await? {
            Some(holder) if holder.run == run => Ok(()),
            holder => self.permit(holder.as_ref(), mode).await,
        }
    }

    /// Gives an output back that the run holds and has left empty, so that the next one needs no
    /// permission; `false`: it isn't the run's, or something is there.
    pub async fn give_back(&self, run: &str) -> Result<bool, ClaimError> {
        let Some(holder) = self.holder().await?.filter(|holder| holder.run == run) else {
            return Ok(false);
        };
        if self.filled().await?.is_some() {
            return Ok(false);
        }
        // From the lowest on: whoever is killed in between leaves the one that counts.
        for number in self.numbers().await?.into_iter().filter(|number| *number <= holder.number) {
            self.stores.delete(&self.place(number)).await?;
        }
        Ok(true)
    }

    /// Whether an output may be claimed that nobody or another run has.
    async fn permit(&self, holder: Option<&Holder>, mode: ClaimMode) -> Result<(), ClaimError> {
        let place = self.output.clone();
        let lives = holder.and_then(|holder| (self.lives)(&holder.run));
        if let Some(holder) = holder.filter(|_| lives == Some(true)) {
            return Err(ClaimError::Running { place, run: holder.run.clone() });
        }
        if mode != ClaimMode::New {
            return Ok(());
        }
        match (holder, self.filled().await?) {
            (None, None) => Ok(()),
            (Some(_), None) if lives == Some(false) => Ok(()),
            (Some(holder), None) => Err(ClaimError::Held { place, run: holder.run.clone() }),
            (Some(holder), Some(_)) => Err(ClaimError::Filled { place, run: holder.run.clone() }),
            (None, Some(found)) => match self.marked().await? {
                Some(run) => Err(ClaimError::Filled { place, run }),
                None => Err(ClaimError::Unknown { place, found: found.place.to_string() }),
            },
        }
    }

    async fn holder(&self) -> Result<Option<Holder>, ClaimError> {
        for _ in 0..ATTEMPTS {
            let Some(number) = self.numbers().await?.into_iter().next_back() else {
                return Ok(None);
            };
            let place = self.place(number);
            let bytes = match self.stores.read(&place, LIMIT).await {
                Ok((_, bytes)) => bytes,
                // It was given back between the two requests.
                Err(error) if error.kind == StorageErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            let claim: OutputClaim = read_document(&bytes, OUTPUT_CLAIM_VERSION)
                .map_err(|error| ClaimError::Document { place, error })?;
            return Ok(Some(Holder { number, run: claim.run }));
        }
        Ok(None)
    }

    /// The numbers of all claims, in their order.
    async fn numbers(&self) -> Result<Vec<u64>, StorageError> {
        let objects = self.below(FOLDER).await?;
        let mut numbers: Vec<u64> =
            objects.iter().filter_map(|object| number_of(object.place.as_str())).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Something of a run that lies in the output.
    async fn filled(&self) -> Result<Option<Object>, StorageError> {
        for part in FILLED {
            let mark = format!("/{OWNER_FILE}");
            let objects = self.below(part).await?;
            let found = objects.into_iter().find(|object| !object.place.as_str().ends_with(&mark));
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The run that an older mlctl has named in the model's folder.
    async fn marked(&self) -> Result<Option<String>, StorageError> {
        let mark = self.named(&format!("model/{OWNER_FILE}"));
        match self.stores.read(&mark, LIMIT).await {
            Ok((_, bytes)) => Ok(std::str::from_utf8(&bytes).ok().map(|run| run.trim().to_owned())),
            Err(error) if error.kind == StorageErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Removes what an earlier run has left. Of a folder what lies in it goes, links with it, but nothing that
    /// links lead to: a store's listing would follow them.
    async fn empty(&self) -> Result<(), StorageError> {
        for part in FILLED.iter().chain(&REMOVED) {
            if let Place::Path(path) = self.named(part) {
                remove(path.as_path())
                    .map_err(|error| StorageError::local("removing", &self.named(part), &error))?;
                continue;
            }
            for object in self.below(part).await? {
                self.stores.delete(&object.place).await?;
            }
        }
        Ok(())
    }

    async fn below(&self, part: &str) -> Result<Vec<Object>, StorageError> {
        match self.stores.below(&self.named(part)).await {
            Err(error) if error.kind == StorageErrorKind::NotFound => Ok(Vec::new()),
            listed => listed,
        }
    }

    fn place(&self, number: u64) -> Place {
        self.named(&name_of(number))
    }

    fn named(&self, name: &str) -> Place {
        format!("{}/{name}", self.output.as_str().trim_end_matches('/')).into()
    }

    fn document(&self, run: &str) -> Result<Vec<u8>, StorageError> {
        let claim = OutputClaim {
            schema_version: OUTPUT_CLAIM_VERSION,
            run: run.to_owned(),
            at: Timestamp::now(),
            word: format!("{:016x}{:08x}", fastrand::u64(..), std::process::id()),
        };
        serde_json::to_vec_pretty(&claim)
            .map_err(|error| StorageError::local("writing", self.output, &error.into()))
    }
}

/// Removes a file, a link or a folder with what lies in it; success where there is none.
fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs_err::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs_err::remove_dir_all(path),
        Ok(_) => fs_err::remove_file(path),
        Err(error) => Err(error),
    };
    removed.or_else(
        |error| {
            if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
        },
    )
}

/// Whether some run has claimed a folder of this machine, now or once: what lies in it is no code.
pub fn was_claimed(folder: &Path) -> bool {
    fs_err::symlink_metadata(folder.join(FOLDER)).is_ok()
}
