//! The state folder after crashes, damage and a full disk: nothing is lost that had been recorded.

use std::collections::HashSet;
use std::process::Command;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::fixture::{Scripted, create};
use super::tests::{append, good_story, ids, list, store};
use super::*;
use crate::event::RunState;
use crate::gang::{Outcome, Verdict};
use crate::run::sync;

#[test]
fn a_crash_between_journal_and_record_is_repeated_not_doubled() {
    let (_dir, store) = store();
    let CreatedRun { paths, lock } = create(&store, "digits", 2);
    drop(lock);
    let runtime = Scripted::new(good_story(&paths.run).events, 2);
    sync(&store, &runtime, &paths).unwrap();
    let record = fs_err::read(paths.record()).unwrap();
    sync(&store, &runtime, &paths).unwrap();
    // The record of the second sync never reached the disk, and its last line is torn.
    fs_err::write(paths.record(), record).unwrap();
    append(&paths.events(), "{\"v\":1,\"se");
    for _ in 0..4 {
        sync(&store, &runtime, &paths).unwrap();
    }
    let record = store.record(&paths.run).unwrap();
    let events = store.events(&record).unwrap();
    assert_eq!(events.len(), 1 + good_story(&paths.run).events.len());
    assert_eq!(fs_err::metadata(paths.events()).unwrap().len(), record.journal.bytes);
}

#[test]
fn a_shortened_journal_and_a_damaged_record_are_told_again() {
    let (_dir, store) = store();
    let CreatedRun { paths, lock } = create(&store, "digits", 2);
    drop(lock);
    let runtime = Scripted::new(good_story(&paths.run).events, 3);
    sync(&store, &runtime, &paths).unwrap();
    fs_err::write(paths.events(), "half").unwrap();
    sync(&store, &runtime, &paths).unwrap();
    fs_err::write(paths.record(), "\0\0\0\0").unwrap();
    assert!(matches!(store.record(&paths.run), Err(StoreError::Damaged { .. })));
    assert_eq!(store.check().unwrap().problems.len(), 1);
    while !sync(&store, &runtime, &paths).unwrap().state.is_ended() {}
    let record = store.record(&paths.run).unwrap();
    let events = store.events(&record).unwrap();
    assert_eq!(events.len(), 1 + good_story(&paths.run).events.len());
    assert_eq!((record.name.as_str(), record.labels["team"].as_str()), ("digits", "vision"));
    assert!(store.check().unwrap().set_aside.len() >= 2, "{:?}", store.check());
    assert_eq!(store.take_notices().len(), 3);
}

#[test]
fn a_run_that_died_before_the_index_is_found() {
    let (_dir, store) = store();
    let kept = create(&store, "first", 1).paths.run;
    let index = fs_err::read(store.index_path()).unwrap();
    let run = create(&store, "second", 1).paths.run;
    // As if mlctl had died after the rename, and another one after its reservation.
    fs_err::write(store.index_path(), index).unwrap();
    fs_err::create_dir(store.new_dir().join(&run)).unwrap();
    fs_err::create_dir_all(store.new_dir().join("third-aaaaaa/run")).unwrap();
    assert_eq!(ids(&store), [run, kept]);
    assert!(create::is_empty(&store.new_dir()));
}

#[test]
fn a_torn_index_line_is_recovered_by_the_next_writer() {
    let (_dir, store) = store();
    let first = create(&store, "first", 1).paths.run;
    let whole = fs_err::metadata(store.index_path()).unwrap().len();
    let second = create(&store, "second", 1).paths.run;
    let file = std::fs::OpenOptions::new().write(true).open(store.index_path()).unwrap();
    file.set_len(whole + 20).unwrap();
    assert_eq!(ids(&store), std::slice::from_ref(&first));
    assert_eq!(store.check().unwrap().problems.len(), 2);
    let third = create(&store, "third", 1).paths.run;
    assert_eq!(
        ids(&store).into_iter().collect::<HashSet<_>>(),
        HashSet::from([first, second, third])
    );
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    assert_eq!(store.check().unwrap().set_aside.len(), 1);
}

#[test]
fn a_damaged_or_missing_index_is_rebuilt() {
    let (_dir, store) = store();
    let mut made: Vec<_> = (0..3).map(|_| create(&store, "digits", 1).paths.run).collect();
    append(&store.index_path(), "garbage\n");
    assert_eq!(list(&store).len(), 3);
    assert!(store.take_notices().iter().any(|notice| notice.contains("garbled")));
    // Where it can't be written, what it lacks is seen all the same.
    let text = store.text_of_folders("garbage\n{\"id\":".into()).unwrap();
    assert_eq!(parse_index(&text).runs.len(), 3);
    fs_err::remove_dir_all(store.paths(&made.remove(0)).dir).unwrap();
    let report = store.rebuild().unwrap();
    assert_eq!((report.runs, report.dropped.len()), (2, 1));
    assert_eq!(store.check().unwrap().set_aside.len(), 2);
    fs_err::remove_file(store.index_path()).unwrap();
    assert_eq!(list(&store).len(), 2);
    assert!(store.take_notices().iter().any(|notice| notice.contains("rebuilt")));
}

#[test]
fn an_end_that_the_index_missed_is_written_later() {
    let (_dir, store) = store();
    let CreatedRun { paths, lock } = create(&store, "digits", 1);
    let index = fs_err::read(store.index_path()).unwrap();
    let verdict = Verdict {
        outcome: Outcome::Cancelled,
        attempt: 0,
        first_failure: None,
        reason: "x".into(),
    };
    store.finish(&lock, &paths, verdict, None).unwrap();
    fs_err::write(store.index_path(), index).unwrap();
    assert_eq!(list(&store)[0].state, RunState::Cancelled);
    let text = store.read_index().unwrap();
    assert_eq!(parse_index(&text).runs[0].outcome, Some(Outcome::Cancelled));
}

/// Not a test of its own: what `a_full_disk_changes_nothing` runs in a process with a size limit.
#[test]
#[ignore = "run by a_full_disk_changes_nothing"]
fn child_on_a_full_disk() {
    let Ok(root) = std::env::var("MLCTL_TEST_FULL") else { return };
    let store = Store::open(root).unwrap();
    let size = fs_err::metadata(store.index_path()).unwrap().len();
    let limit = Rlimit { current: Some(size + 40), maximum: Some(size + 40) };
    setrlimit(Resource::Fsize, limit).unwrap();
    let reservation = store.reserve("more").unwrap();
    let plan = fixture::plan(reservation.run(), 1);
    let new = NewRun {
        kind: "TrainJob",
        runtime: "local".into(),
        created: now(),
        cwd: "/work".into(),
        user: "ada".into(),
        host: String::new(),
        argv: Vec::new(),
        git: None,
        code: None,
        source: "",
        resolved: "",
        plan: &plan,
    };
    let error = store.create_run(reservation, &new).unwrap_err();
    assert!(matches!(&error, StoreError::Io(e) if e.kind() == std::io::ErrorKind::FileTooLarge));
}

#[test]
fn a_full_disk_changes_nothing() {
    let (dir, store) = store();
    // A run's files fit below the size of this index, and half a line more of the index.
    while fs_err::metadata(store.index_path()).map_or(0, |meta| meta.len()) < 8 * 1024 {
        create(&store, "filler", 1);
    }
    let before = fs_err::read(store.index_path()).unwrap();
    let runs = store.run_folders().unwrap();
    let test = std::env::current_exe().unwrap();
    let script = format!(
        "trap '' XFSZ; exec {} store::damage_tests::child_on_a_full_disk --exact \
         --ignored 2>&1 | cat",
        test.display()
    );
    let root = dir.path().join("mlctl");
    let output =
        Command::new("sh").args(["-c", &script]).env("MLCTL_TEST_FULL", &root).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("1 passed"), "{text}");
    assert_eq!(fs_err::read(store.index_path()).unwrap(), before);
    assert_eq!(store.run_folders().unwrap(), runs);
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

#[test]
fn what_a_dead_command_was_removing_is_no_problem() {
    let (_dir, store) = store();
    let run = create(&store, "digits", 1).paths;
    let removed = store.root().join("removed");
    fs_err::create_dir(&removed).unwrap();
    fs_err::rename(&run.dir, removed.join(run.run.as_str())).unwrap();
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    fs_err::remove_dir_all(&removed).unwrap();
    assert_eq!(store.check().unwrap().problems.len(), 1);
}
