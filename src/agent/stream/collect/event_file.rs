//! The scalars in one of TensorBoard's event files, each once.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use prost::Message;

use super::messages::Event;
use super::wanted::{Gathered, Sink, Wanted};
use crate::storage::tfrecord::{HEAD, TAIL, is_sound, length};
use crate::storage::{ReadError, open};

/// How many bytes are read at once, unless a record has more.
const CHUNK: usize = 1 << 17;
/// A longer record is passed over: it has a graph or pictures.
const LONGEST: u64 = 4 << 20;
/// A record may be seen before all of it is written. One that is as wrong at so many looks is damaged.
const LOOKS: u8 = 3;

/// A place in an event file.
#[derive(Debug)]
pub(super) struct EventFile {
    path: PathBuf,
    /// The metrics by the tags that they have in this file.
    tags: IndexMap<String, Tag>,
    at: u64,
    /// What lies before `at` is another command's, who may not have written this very file.
    is_foreign: bool,
    wrong: u8,
}

#[derive(Debug, Default)]
struct Tag {
    names: Vec<String>,
    /// The file has this very tag.
    is_there: bool,
}

/// What a file has given.
pub(super) enum Read {
    /// So many bytes.
    Bytes(u64),
    /// It is damaged from its next record on.
    Damaged,
}

/// What stands at a position of a file.
enum Next {
    Record {
        data: std::ops::Range<usize>,
        whole: u64,
    },
    /// A record of so many bytes, of which not all are there.
    Cut(u64),
    /// Less than the head of a record.
    Open,
    Wrong,
}

impl EventFile {
    /// From this position on.
    ///
    /// The tag of a metric is its name, and below a folder `test` the tag `accuracy` is the metric
    /// `test/accuracy` too: so Katib's collector has it (`tfevent_loader.py` in kubeflow/katib,
    /// `pkg/metricscollector/v1beta1/tfevent-metricscollector`). It takes each tag that begins like the
    /// name. Here that is a tag `accuracy_1`, in a file that has no `accuracy`, since TensorFlow 1 makes
    /// such tags of names that are taken: what merely begins alike is another metric.
    pub(super) fn new(path: PathBuf, wanted: &Wanted, at: u64) -> Self {
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut tags: IndexMap<String, Tag> = IndexMap::new();
        for name in wanted.names() {
            let below = name.rsplit_once('/').filter(|(dir, _)| folder.ends_with(dir));
            for tag in [Some(name), below.map(|(_, last)| last)].into_iter().flatten() {
                tags.entry(tag.to_owned()).or_default().names.push(name.to_owned());
            }
        }
        Self { path, tags, at, is_foreign: at > 0, wrong: 0 }
    }

    /// Gives the scalars that have come since the last call, reading about `budget` bytes at most. A
    /// record that is not whole is read again the next time. A file that is shorter than before is read
    /// from its start; one that is not there has no scalars.
    pub(super) fn read(&mut self, budget: u64, sink: &mut Sink<'_>) -> Result<Read, ReadError> {
        let file = match open(&self.path) {
            Ok(file) => file,
            Err(error) if error.is_missing() => return Ok(Read::Bytes(0)),
            Err(error) => return Err(error),
        };
        let mut gathered = Gathered::default();
        let read = self.records(&file, budget, &mut gathered, sink);
        gathered.end(sink);
        read.map_err(|error| ReadError::Io { path: self.path.clone(), error })
    }

    fn records(
        &mut self,
        file: &File,
        budget: u64,
        gathered: &mut Gathered,
        sink: &mut Sink<'_>,
    ) -> io::Result<Read> {
        let size = file.metadata()?.len();
        if size < self.at {
            self.restart();
        }
        let mut read = 0;
        let mut room = CHUNK;
        while read < budget {
            let mut buffer = vec![0; room];
            let count = fill(file, &mut buffer, self.at)?;
            buffer.truncate(count);
            let mut start = 0;
            let last = loop {
                match next(&buffer[start..]) {
                    Next::Record { data, whole } => {
                        self.scalars(&buffer[start..][data], gathered, sink);
                        start += whole as usize;
                        self.wrong = 0;
                    }
                    last => break last,
                }
            };
            self.at += start as u64;
            read += start as u64;
            let was_whole = start == 0 && count < room;
            room = CHUNK;
            match last {
                Next::Cut(whole) if was_whole || whole > size.saturating_sub(self.at) => break,
                Next::Cut(whole) if whole > LONGEST => self.at += whole,
                Next::Cut(whole) => room = CHUNK.max(whole as usize),
                Next::Wrong if self.is_foreign => self.restart(),
                Next::Wrong => {
                    self.wrong += 1;
                    return Ok(if self.wrong < LOOKS { Read::Bytes(read) } else { Read::Damaged });
                }
                Next::Open if start == 0 => break,
                Next::Open | Next::Record { .. } => {}
            }
        }
        Ok(Read::Bytes(read))
    }

    fn restart(&mut self) {
        self.at = 0;
        self.is_foreign = false;
    }

    /// A record that is no event has no scalars.
    fn scalars(&mut self, record: &[u8], gathered: &mut Gathered, sink: &mut Sink<'_>) {
        let Ok(Event { step, summary: Some(summary) }) = Event::decode(record) else { return };
        let step = u64::try_from(step).ok();
        for value in &summary.value {
            let Some(number) = value.scalar() else { continue };
            for name in self.names(&value.tag) {
                gathered.add(step, name, number, sink);
            }
        }
    }

    /// The metrics that a tag is of.
    fn names(&mut self, tag: &str) -> &[String] {
        if let Some(at) = self.tags.get_index_of(tag) {
            self.tags[at].is_there = true;
            return &self.tags[at].names;
        }
        let numbered = tag.rsplit_once('_').filter(|(_, number)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        let base = numbered.and_then(|(base, _)| self.tags.get(base));
        base.filter(|base| !base.is_there).map_or(&[], |base| &base.names)
    }
}

fn next(bytes: &[u8]) -> Next {
    if bytes.len() < HEAD {
        return Next::Open;
    }
    let Some(length) = length(bytes) else { return Next::Wrong };
    let whole = length.saturating_add((HEAD + TAIL) as u64);
    let Some(record) = usize::try_from(whole).ok().and_then(|whole| bytes.get(..whole)) else {
        return Next::Cut(whole);
    };
    let end = record.len() - TAIL;
    if is_sound(&record[HEAD..end], &record[end..]) {
        Next::Record { data: HEAD..end, whole }
    } else {
        Next::Wrong
    }
}

/// Reads until the buffer is full or the file ends, and tells how many bytes it has got.
fn fill(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut count = 0;
    while count < buffer.len() {
        match file.read_at(&mut buffer[count..], at + count as u64) {
            Ok(0) => break,
            Ok(more) => count += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(count)
}
