//! Logs of pods as followers have kept them in the run's folder: what was read of a pod outlives it, and the
//! follower.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::position::{Line, Splitter};
use crate::gang::ReplicaId;
use crate::runtime::kubernetes::follow::watch::PodFacts;
use crate::store::RunPaths;

/// How a file's name ends that is written to, and that of the part before it.
pub(super) const NEW: &str = ".log";
pub(super) const OLD: &str = ".old";
/// How many bytes are read at once.
const CHUNK_BYTES: usize = 256 * 1024;
/// No uid is longer; those of Kubernetes have 36 characters.
const LONGEST_UID: usize = 64;

/// Which pod a kept log is of, and which place it has among those of its replica. A file's name is made of it
/// and of a word that is the follower's: `000001-1796000000-UID-WORD.log`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeptName {
    /// How many pods of the replica came before it.
    generation: u32,
    /// When it was made, in seconds since 1970; 0 where that is not known.
    created: i64,
    pub(crate) uid: String,
}

impl KeptName {
    /// `None` for a pod whose uid is not one of Kubernetes: the name of a file is made of it.
    pub(crate) fn of(pod: &PodFacts) -> Option<Self> {
        let created = pod.created.map_or(0, Timestamp::as_second).max(0);
        Self::new(pod.generation, created, &pod.uid)
    }

    fn new(generation: u32, created: i64, uid: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_uid = !uid.is_empty() && uid.len() <= LONGEST_UID && uid.bytes().all(is_plain);
        is_uid.then(|| Self { generation, created, uid: uid.to_owned() })
    }

    /// The pod, of which nothing else is left.
    pub(super) fn pod(&self) -> PodFacts {
        let (generation, uid) = (self.generation, self.uid.clone());
        PodFacts { generation, uid, gone: true, ..PodFacts::default() }
    }

    /// The beginning of a file's name.
    pub(super) fn stem(&self, word: &str) -> String {
        format!("{:06}-{}-{}-{word}", self.generation, self.created, self.uid)
    }

    fn parse(stem: &str) -> Option<Self> {
        let (generation, rest) = stem.split_once('-')?;
        let (created, rest) = rest.split_once('-')?;
        let (uid, _) = rest.rsplit_once('-')?;
        Self::new(generation.parse().ok()?, created.parse().ok()?, uid)
    }
}

/// The log of one pod, as far as one of its followers has kept it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) name: KeptName,
    files: Vec<PathBuf>,
    length: u64,
}

impl Kept {
    /// What is kept of a replica's pods, oldest pod first. Of several followers' copies of one log it is the
    /// longest. What can't be read is not there.
    pub(crate) fn all(run: &RunPaths, replica: &ReplicaId) -> Vec<Self> {
        let folder = run.kept_log(replica);
        let Ok(entries) = fs_err::read_dir(&folder) else { return Vec::new() };
        let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut longest: BTreeMap<KeptName, Self> = BTreeMap::new();
        for name in names {
            let Some(stem) = name.strip_suffix(NEW) else { continue };
            let Some(one) = Self::of(&folder, stem) else { continue };
            let best = longest.entry(one.name.clone()).or_insert_with(|| one.clone());
            if one.length > best.length {
                *best = one;
            }
        }
        longest.into_values().collect()
    }

    fn of(folder: &Path, stem: &str) -> Option<Self> {
        let name = KeptName::parse(stem)?;
        let (mut files, mut length) = (Vec::new(), 0);
        for end in [OLD, NEW] {
            let path = folder.join(format!("{stem}{end}"));
            // No link is followed.
            if let Ok(facts) = fs_err::symlink_metadata(&path)
                && facts.is_file()
            {
                length += facts.len();
                files.push(path);
            }
        }
        Some(Self { name, files, length })
    }

    /// Its lines.
    pub(crate) fn lines(self) -> KeptLines {
        KeptLines {
            files: self.files.into(),
            open: None,
            splitter: Splitter::new(super::Position::default()),
        }
    }
}

/// The lines of a kept log, some at a time.
#[derive(Debug)]
pub(crate) struct KeptLines {
    files: VecDeque<PathBuf>,
    open: Option<fs_err::File>,
    splitter: Splitter,
}

impl KeptLines {
    /// The next lines; `None` when there are no more. A last line that somebody was about to write is not
    /// there.
    pub(crate) fn next(&mut self) -> io::Result<Option<Vec<Line>>> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let file = match &mut self.open {
                Some(file) => file,
                None => match self.files.pop_front() {
                    Some(path) => self.open.insert(fs_err::File::open(path)?),
                    None => return Ok(None),
                },
            };
            let count = file.read(&mut chunk)?;
            if count == 0 {
                self.open = None;
                continue;
            }
            let lines = self.splitter.push(&chunk[..count]);
            if !lines.is_empty() {
                return Ok(Some(lines));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_which_pod_it_is_of() {
        let uid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        let name = KeptName::new(3, 1_796_000_000, uid).unwrap();
        let stem = name.stem("k3v9");
        assert_eq!(stem, format!("000003-1796000000-{uid}-k3v9"));
        assert_eq!(KeptName::parse(&stem), Some(name));
        for foreign in ["", "000001-5-../../x-w", "000001-x-uid-w", "000001-5"] {
            assert_eq!(KeptName::parse(foreign), None, "{foreign}");
        }
        assert_eq!(KeptName::new(0, 0, "../x"), None);
    }

    #[test]
    fn pods_come_in_the_order_in_which_they_followed_each_other_and_the_longest_copy_counts() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunPaths::new(folder.path(), &"r-abc123".parse().unwrap());
        let replica = ReplicaId::new("worker", 0);
        let kept = run.kept_log(&replica);
        fs_err::create_dir_all(&kept).unwrap();
        let line = |n: u32| format!("2026-01-01T00:00:0{n}Z line {n}\n");
        fs_err::write(kept.join("000001-9-b-w1.log"), line(3) + "2026-01-01T00:00:04Z cut")
            .unwrap();
        fs_err::write(kept.join("000000-8-a-w1.log"), line(1)).unwrap();
        fs_err::write(kept.join("000000-8-a-w2.old"), line(1)).unwrap();
        fs_err::write(kept.join("000000-8-a-w2.log"), line(2)).unwrap();
        fs_err::write(kept.join("other"), "x").unwrap();
        std::os::unix::fs::symlink("other", kept.join("000009-9-c-w1.log")).unwrap();
        let mut read = Vec::new();
        for one in Kept::all(&run, &replica) {
            let uid = one.name.uid.clone();
            let mut lines = one.lines();
            while let Some(lines) = lines.next().unwrap() {
                let text = |line: Line| String::from_utf8(line.bytes).unwrap();
                read.extend(lines.into_iter().map(|line| (uid.clone(), text(line))));
            }
        }
        let line = |pod: &str, n: u32| (pod.to_owned(), format!("line {n}"));
        assert_eq!(read, [line("a", 1), line("a", 2), line("b", 3)]);
    }
}
