//! An output in a folder, which is a store like any other, kept by replicas that come and go.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::config::KeptOutput;
use super::connected::Connected;
use super::error::PlaceError;
use super::fetch::fetch_archive;
use super::keeper::Keeper;
use super::transfer::digest_of;
use crate::plan::{CodeArchive, OUTPUT_PARTS};
use crate::storage::NoProgress;

struct Bucket {
    root: tempfile::TempDir,
}

impl Bucket {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    /// A replica in a new pod, with an empty folder.
    fn pod(&self, name: &str, run: &str, replica: &str) -> Pod {
        let folder = self.root.path().join(name);
        let parts = if replica == "worker-0" { &OUTPUT_PARTS[..] } else { &OUTPUT_PARTS[1..] };
        for part in OUTPUT_PARTS {
            fs_err::create_dir_all(folder.join(part)).unwrap();
        }
        fs_err::create_dir_all(self.root.path().join("bucket")).unwrap();
        let connected = Connected::new(&[], &std::collections::BTreeMap::new()).unwrap();
        let output = KeptOutput {
            uri: self.root.path().join("bucket").to_string_lossy().into_owned().into(),
            folder: folder.clone(),
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
            resumes: false,
        };
        let replica = replica.parse().unwrap();
        let primary = "worker-0".parse().unwrap();
        let keeper = Keeper::new(Arc::new(connected), output, &run.into(), &replica, &primary);
        Pod { folder, keeper }
    }

    fn has(&self, path: &str) -> Option<String> {
        fs_err::read_to_string(self.root.path().join("bucket").join(path)).ok()
    }
}

struct Pod {
    folder: std::path::PathBuf,
    keeper: Keeper,
}

impl Pod {
    fn write(&self, path: &str, text: &str) {
        let file = self.folder.join(path);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, text).unwrap();
    }

    fn has(&self, path: &str) -> Option<String> {
        fs_err::read_to_string(self.folder.join(path)).ok()
    }

    fn restore(&self) -> usize {
        self.keeper.restore(&|| false).unwrap().0
    }

    fn finish(&self, whole: bool) {
        self.keeper.finish(whole, &|| false).unwrap();
    }

    /// Rounds until something has been uploaded.
    fn upload(&self) {
        let begin = Instant::now();
        while self.keeper.round(&|| false).unwrap().files == 0 {
            assert!(begin.elapsed() < Duration::from_mins(1), "nothing becomes whole");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_new_pod_gets_what_was_uploaded() {
    let bucket = Bucket::new();
    let first = bucket.pod("1", "r-1", "worker-0");
    assert_eq!(first.restore(), 0);
    first.write("checkpoints/c1/a", "1");
    first.write("checkpoints/latest", "c1");
    first.write("checkpoints/c2.tmp/a", "half");
    first.finish(false);
    assert_eq!(bucket.has("checkpoints/c1/a").as_deref(), Some("1"));
    first.write("checkpoints/latest", "c1 again");
    fs_err::remove_file(first.folder.join("checkpoints/c1/a")).unwrap();
    first.finish(false);
    assert_eq!(bucket.has("checkpoints/latest").as_deref(), Some("c1 again"));
    assert_eq!(bucket.has("checkpoints/c1/a"), None, "what is gone here is gone there");
    let second = bucket.pod("2", "r-1", "worker-0");
    assert_eq!(second.restore(), 1);
    assert_eq!(second.has("checkpoints/latest").as_deref(), Some("c1 again"));
    second.write("model/m", "m");
    second.finish(true);
    assert_eq!(bucket.has("model/m").as_deref(), Some("m"));
    assert_eq!(second.restore(), 0, "everything is here");
}

#[test]
fn what_a_killed_command_was_writing_does_not_count() {
    let bucket = Bucket::new();
    let first = bucket.pod("1", "r-1", "worker-0");
    first.restore();
    first.write("checkpoints/c1/a", "whole");
    first.upload();
    first.write("checkpoints/c2/a", "half");
    first.keeper.doubt(&|| false).unwrap();
    // The next attempt goes on in the same place, and the half stays as it is.
    first.write("checkpoints/c3/a", "whole");
    first.upload();
    let second = bucket.pod("2", "r-1", "worker-0");
    assert_eq!(second.restore(), 2);
    assert!(second.has("checkpoints/c1/a").is_some() && second.has("checkpoints/c3/a").is_some());
    assert_eq!(second.has("checkpoints/c2/a"), None);
    first.write("checkpoints/c2/a", "now whole");
    first.upload();
    let third = bucket.pod("3", "r-1", "worker-0");
    third.restore();
    assert_eq!(third.has("checkpoints/c2/a").as_deref(), Some("now whole"));
}

#[test]
fn uploads_that_were_not_committed_are_not_restored() {
    let bucket = Bucket::new();
    let first = bucket.pod("1", "r-1", "worker-0");
    first.restore();
    first.write("checkpoints/c1/a", "1");
    first.finish(false);
    // As a pod leaves it that dies between its uploads and the document.
    let half = bucket.root.path().join("bucket/checkpoints/c2");
    fs_err::create_dir_all(&half).unwrap();
    fs_err::write(half.join("a"), "half").unwrap();
    let second = bucket.pod("2", "r-1", "worker-0");
    assert_eq!(second.restore(), 1);
    assert_eq!(second.has("checkpoints/c2/a"), None);
}

#[test]
fn replicas_get_each_others_checkpoints_and_write_no_object_twice() {
    let bucket = Bucket::new();
    let chief = bucket.pod("chief", "r-1", "worker-0");
    let other = bucket.pod("other", "r-1", "worker-1");
    for (pod, text) in [(&chief, "of the primary"), (&other, "of another")] {
        pod.restore();
        pod.write("checkpoints/both", text);
    }
    chief.write("checkpoints/shard-0", "0");
    other.write("checkpoints/shard-1", "1");
    other.write("model/m", "not the primary's");
    chief.finish(false);
    other.finish(false);
    assert_eq!(bucket.has("checkpoints/both").as_deref(), Some("of the primary"));
    assert_eq!(bucket.has("checkpoints/shard-1"), None, "it lies beside until the end");
    let new = bucket.pod("new", "r-1", "worker-2");
    assert_eq!(new.restore(), 3);
    assert_eq!(new.has("checkpoints/both").as_deref(), Some("of the primary"));
    assert_eq!(new.has("checkpoints/shard-1").as_deref(), Some("1"));
    other.finish(true);
    chief.finish(true);
    assert_eq!(bucket.has("checkpoints/shard-1").as_deref(), Some("1"));
    assert_eq!(bucket.has("checkpoints/both").as_deref(), Some("of the primary"));
    assert_eq!(bucket.has("model/m"), None);
}

#[test]
fn another_runs_checkpoints_come_only_where_that_is_asked_for() {
    let bucket = Bucket::new();
    let first = bucket.pod("1", "r-1", "worker-0");
    first.restore();
    first.write("checkpoints/c", "1");
    first.write("model/m", "1");
    first.finish(true);
    let second = bucket.pod("2", "r-2", "worker-0");
    assert_eq!(second.restore(), 0);
    let mut third = bucket.pod("3", "r-3", "worker-0");
    third.keeper.output.resumes = true;
    assert_eq!(third.restore(), 1);
    assert_eq!(third.has("checkpoints/c").as_deref(), Some("1"));
    assert_eq!(third.has("model/m"), None, "a model is its run's own");
}

#[test]
fn what_is_not_as_it_was_uploaded_is_told() {
    let bucket = Bucket::new();
    let first = bucket.pod("1", "r-1", "worker-0");
    first.restore();
    first.write("checkpoints/c", "1");
    first.finish(false);
    let object = bucket.root.path().join("bucket/checkpoints/c");
    fs_err::write(&object, "2").unwrap();
    let second = bucket.pod("2", "r-1", "worker-0");
    let damaged = second.keeper.restore(&|| false).unwrap_err();
    assert!(matches!(damaged, PlaceError::Damaged { .. }), "{damaged}");
    assert_eq!(second.has("checkpoints/c"), None);
}

#[test]
fn a_link_that_leads_out_of_the_folder_is_not_uploaded() {
    let bucket = Bucket::new();
    let first = bucket.pod("1", "r-1", "worker-0");
    first.restore();
    let secret = bucket.root.path().join("secret");
    fs_err::write(&secret, "x").unwrap();
    let link = |target: &Path, name: &str| {
        std::os::unix::fs::symlink(target, first.folder.join(name)).unwrap();
    };
    link(&secret, "checkpoints/out");
    first.write("checkpoints/c", "1");
    link(Path::new("c"), "checkpoints/last");
    first.finish(true);
    assert_eq!(bucket.has("checkpoints/last").as_deref(), Some("1"));
    assert_eq!(bucket.has("checkpoints/out"), None);
}

#[test]
fn code_that_was_changed_in_the_bucket_is_not_taken() {
    let root = tempfile::tempdir().unwrap();
    let there = root.path().join("there.tar.gz");
    fs_err::write(&there, "what was submitted").unwrap();
    let (size, sha256) = digest_of(&there).unwrap();
    let uri = there.to_string_lossy().into_owned().into();
    let archive = CodeArchive { uri, sha256, size };
    let connected = Connected::new(&[], &std::collections::BTreeMap::new()).unwrap();
    let fetch = |file: &Path| {
        let fetched = fetch_archive(&connected.stores, &archive, file, &NoProgress);
        connected.wait(&|| false, fetched)
    };
    let good = root.path().join("good");
    fetch(&good).unwrap();
    assert_eq!(fs_err::read_to_string(&good).unwrap(), "what was submitted");
    fs_err::write(&there, "what somebody wrote").unwrap();
    let bad = root.path().join("bad");
    assert!(matches!(fetch(&bad), Err(PlaceError::Damaged { .. })));
    assert!(!bad.exists());
}
