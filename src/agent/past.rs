//! What outlives all agents of a run in a cluster: read when one starts, and kept by the primary's where
//! the run's output is a folder that stays.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::wire::{prove, verify};
use crate::gang::{Carry, Past, RunId};
use crate::storage::read;
use crate::text::{FormatError, read_document};

/// The newest format of [`PastDocument`] that this mlctl knows.
pub const PAST_VERSION: u32 = 1;
/// What a proof of such a document is for.
const SIDE: &str = "past";
/// The most bytes of such a file.
const LIMIT: u64 = 1 << 20;
/// The time that a run has been going is written so often.
const PACE: Duration = Duration::from_secs(10);
/// The last words are on the disk within this time, or the folder is one that hangs.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Where an agent learns what was before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PastFiles {
    /// What those have written who followed the run: a [`PastDocument`], which need not be there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub followed: Option<PathBuf>,
    /// What the primary's agent writes itself, in a folder that outlives its pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<PathBuf>,
    /// How many agents of this replica there were.
    pub replaced: u32,
    /// How many of them were ended from outside.
    pub disruptions: u32,
}

impl PastFiles {
    /// There is nothing to be learned.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is known of a run, as a file. Others may write where it lies, so that only who knows the run's
/// token can make one that counts: a forged verdict would end a run as if it had succeeded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PastDocument {
    /// The format of this document, [`PAST_VERSION`].
    pub schema_version: u32,
    /// The run, since folders may be used by several.
    pub run: RunId,
    /// What is remembered of it: a [`Carry`] as JSON, whose very bytes are proved.
    carry: String,
    /// By HMAC-SHA256 with the run's token, over the run and `carry`.
    proof: String,
}

impl PastDocument {
    /// What is known of a run now, in the name of who knows its token.
    pub fn new(run: &RunId, carry: &Carry, token: &[u8]) -> io::Result<Self> {
        let carry = serde_json::to_string(carry)?;
        let proof = prove(token, PAST_VERSION, SIDE, &[run, &carry])?;
        Ok(Self { schema_version: PAST_VERSION, run: run.to_owned(), carry, proof })
    }

    /// What a text says of this run; nothing where it is another's, of a newer format, no document, or made
    /// by somebody who doesn't know the run's token.
    pub fn carry_of(text: &[u8], run: &RunId, token: &[u8]) -> Option<Carry> {
        let document: Result<Self, FormatError> = read_document(text, PAST_VERSION);
        let Self { run: of, carry, proof, .. } = document.ok()?;
        verify(token, PAST_VERSION, SIDE, &[run, &carry], &proof).ok().filter(|()| of == *run)?;
        serde_json::from_str(&carry).ok()
    }
}

/// What is known of the run from all of these files.
pub(super) fn recall(files: &PastFiles, run: &RunId, token: &[u8]) -> Past {
    let bytes = |path: &Option<PathBuf>| read(path.as_ref()?, LIMIT).ok();
    let mut known = Carry::default();
    for path in [&files.kept, &files.followed] {
        if let Some(carry) = bytes(path).and_then(|text| PastDocument::carry_of(&text, run, token))
        {
            known.merge(&carry);
        }
    }
    Past { known, replaced: files.replaced, disruptions: files.disruptions }
}

/// Keeps what the gang remembers in a file. A thread of its own writes it: a folder on the network may
/// stand still for longer than a lease.
pub(super) struct Keeper {
    run: RunId,
    sender: SyncSender<Carry>,
    done: Receiver<io::Result<()>>,
    last: Option<(Carry, Instant)>,
}

impl Keeper {
    pub(super) fn new(run: &RunId, path: PathBuf, token: Arc<[u8]>) -> Self {
        let (sender, queue) = sync_channel::<Carry>(1);
        let (said, done) = sync_channel(1);
        let of_run = run.to_owned();
        std::thread::spawn(move || {
            for carry in queue {
                let document = PastDocument::new(&of_run, &carry, &token);
                let written = document.and_then(|document| write(&path, &document));
                // One answer is enough, where nobody asks for it.
                let _ = said.try_send(written);
            }
        });
        Self { run: run.to_owned(), sender, done, last: None }
    }

    /// Writes what has changed; the error of a write before, where it failed.
    pub(super) fn keep(&mut self, memory: Carry) -> Option<String> {
        let timeless = |carry: &Carry| Carry { elapsed: Duration::ZERO, ..carry.clone() };
        let is_old = self
            .last
            .as_ref()
            .is_none_or(|(last, at)| timeless(last) != timeless(&memory) || at.elapsed() >= PACE);
        // Before the first attempt there is nothing to be remembered.
        if is_old && memory.epoch.1 > 0 {
            match self.sender.try_send(memory.clone()) {
                Ok(()) => self.last = Some((memory, Instant::now())),
                // The one before is still being written.
                Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
            }
        }
        let failed = self.done.try_recv().ok()?.err()?;
        Some(format!("what outlives the pods of {} can't be kept: {failed}", self.run))
    }

    /// Writes the end, and waits for it.
    pub(super) fn finish(self, memory: Carry) {
        while self.done.try_recv().is_ok() {}
        let until = Instant::now() + LAST_WORDS;
        let mut memory = Some(memory);
        while let Some(last) = memory.take()
            && Instant::now() < until
        {
            if let Err(TrySendError::Full(back)) = self.sender.try_send(last) {
                memory = Some(back);
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        drop(self.sender);
        // The channel closes when all is written.
        while self.done.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok() {}
    }
}

fn write(path: &Path, document: &PastDocument) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs_err::create_dir_all(folder)?;
    // Others may write into a shared claim: a name that they could foresee might be a link of theirs.
    let mut partial = tempfile::NamedTempFile::new_in(folder)?;
    partial.write_all(&serde_json::to_vec(document)?)?;
    partial.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gang::{FailureClass, Outcome, PerClass, Verdict};

    const TOKEN: &[u8] = b"the token of the run";

    fn carry(attempt: u32, spent: u32, seconds: u64) -> Carry {
        Carry {
            epoch: (0, attempt),
            spent: PerClass([(FailureClass::Preemption, spent)].into()),
            elapsed: Duration::from_secs(seconds),
            ..Carry::default()
        }
    }

    fn verdict() -> Verdict {
        Verdict { outcome: Outcome::Succeeded, attempt: 1, first_failure: None, reason: "r".into() }
    }

    #[test]
    fn what_was_kept_is_recalled_by_the_same_run_alone() {
        let root = tempfile::tempdir().unwrap();
        let kept = root.path().join("out/past.json");
        let mut keeper = Keeper::new(&"a-123456".into(), kept.clone(), TOKEN.into());
        assert_eq!(keeper.keep(carry(1, 0, 1)), None);
        keeper.finish(carry(3, 1, 40));
        let followed = root.path().join("followed.json");
        let document = PastDocument::new(&"a-123456".into(), &carry(2, 2, 50), TOKEN).unwrap();
        fs_err::write(&followed, serde_json::to_vec(&document).unwrap()).unwrap();
        let files =
            PastFiles { followed: Some(followed), kept: Some(kept), replaced: 4, disruptions: 2 };
        let past = recall(&files, &"a-123456".into(), TOKEN);
        assert_eq!(past.known, carry(3, 2, 50));
        assert_eq!((past.replaced, past.disruptions), (4, 2));
        assert_eq!(recall(&files, &"b-123456".into(), TOKEN).known, Carry::default());
    }

    /// Whoever may write into the claim or the record may write there what they like.
    #[test]
    fn what_somebody_else_has_written_is_nothing() {
        let run: RunId = "a-123456".into();
        let ended = Carry { verdict: Some(verdict()), ..carry(1, 0, 1) };
        let own = serde_json::to_value(PastDocument::new(&run, &ended, TOKEN).unwrap()).unwrap();
        let read = |document: &serde_json::Value, run: &RunId| {
            PastDocument::carry_of(document.to_string().as_bytes(), run, TOKEN)
        };
        assert_eq!(read(&own, &run), Some(ended.clone()));
        let theirs = PastDocument::new(&run, &ended, b"another token").unwrap();
        assert_eq!(read(&serde_json::to_value(theirs).unwrap(), &run), None);
        let mut changed = own.clone();
        changed["carry"] = serde_json::to_string(&carry(9, 0, 1)).unwrap().into();
        assert_eq!(read(&changed, &run), None);
        // That of another run, under this one's name.
        let mut moved = own;
        moved["run"] = "b-123456".into();
        assert_eq!(read(&moved, &"b-123456".into()), None);
        assert_eq!(PastDocument::carry_of(b"{", &run, TOKEN), None);
    }
}
