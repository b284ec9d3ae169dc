//! The state folder as a whole: crashes, damage, many at once.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::fixture::{Scripted, Story, create};
use super::index::compacted_text;
use super::*;
use crate::event::RunState;
use crate::event::{Event, EventKind};
use crate::gang::{Outcome, Verdict};
use crate::run::sync;

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("mlctl")).unwrap();
    (dir, store)
}

fn list(store: &Store) -> Vec<RunSummary> {
    store.list(&ListFilter::default(), &mut |run: &str| store.record(run)).unwrap().runs
}

fn ids(store: &Store) -> Vec<String> {
    list(store).into_iter().map(|run| run.entry.id).collect()
}

fn good_story(run: &str) -> Story {
    Story::new(run).started(2).finished(Outcome::Succeeded, None, "done")
}

fn append(path: &Path, text: &str) {
    std::fs::OpenOptions::new()
        .append(true)
        .open(path)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

#[test]
fn a_run_is_recorded_whole_and_private() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, store) = store();
    let run = create(&store, "digits", 2);
    assert!(run.paths.run.starts_with("digits-") && run.paths.run.len() == 13);
    for entry in fs_err::read_dir(&run.paths.dir).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
    let record = store.record(&run.paths.run).unwrap();
    assert_eq!(record.state, RunState::Submitted);
    let events = store.events(&record).unwrap();
    assert!(matches!(&events[..], [Event { seq: 1, kind: EventKind::Submitted { .. }, .. }]));
    assert_eq!(list(&store)[0].entry.labels["team"], "vision");
    assert!(create::is_empty(&store.new_dir()));
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

#[test]
fn fifty_at_once_lose_nothing() {
    let (_dir, store) = store();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            let store = &store;
            scope.spawn(move || {
                let run = create(store, "many", 1).paths;
                let runtime = Scripted::new(good_story(&run.run).events, 3);
                for _ in 0..3 {
                    sync(store, &runtime, &run).unwrap();
                }
            });
        }
    });
    let runs = list(&store);
    assert_eq!(runs.len(), 50);
    assert!(runs.iter().all(|run| run.state == RunState::Succeeded));
    assert_eq!(runs.iter().map(|run| &run.entry.id).collect::<HashSet<_>>().len(), 50);
    assert_eq!(store.check().unwrap().problems, [""; 0]);
}

#[test]
fn many_syncs_at_once_write_every_event_once() {
    let (_dir, store) = store();
    let CreatedRun { paths, lock } = create(&store, "digits", 2);
    drop(lock);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            let (store, paths) = (&store, &paths);
            scope.spawn(move || {
                let runtime = Scripted::new(good_story(&paths.run).events, 1);
                while !sync(store, &runtime, paths).unwrap().state.is_ended() {}
            });
        }
    });
    let record = store.record(&paths.run).unwrap();
    let events = store.events(&record).unwrap();
    assert_eq!(events.len(), 1 + good_story(&paths.run).events.len());
    assert!(events.iter().enumerate().all(|(at, event)| event.seq == at as u64 + 1));
    assert_eq!(record.verdict.unwrap().outcome, Outcome::Succeeded);
    assert!(record.started.is_some() && record.ended.is_some());
}

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
fn a_run_in_the_making_is_left_alone() {
    let (_dir, store) = store();
    let reservation = store.reserve("digits").unwrap();
    assert!(ids(&store).is_empty());
    assert!(store.new_dir().join(reservation.run()).exists());
    drop(reservation);
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
    assert!(store.take_notices()[0].contains("state rebuild"));
    fs_err::remove_dir_all(store.paths(&made.remove(0)).dir).unwrap();
    let report = store.rebuild().unwrap();
    assert_eq!((report.runs, report.dropped.len()), (2, 1));
    assert_eq!(store.check().unwrap().set_aside.len(), 1);
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

#[test]
fn a_name_a_prefix_and_a_folder_find_a_run() {
    let (_dir, store) = store();
    let here = Path::new("/work");
    let old = create(&store, "digits", 1).paths.run;
    let new = create(&store, "digits", 1).paths.run;
    let other = create(&store, "digitsx", 1).paths.run;
    assert_eq!(store.resolve(Some("digits"), here).unwrap(), new);
    assert_eq!(store.resolve(Some(&old), here).unwrap(), old);
    assert_eq!(store.resolve(Some("digitsx-"), here).unwrap(), other);
    assert_eq!(store.resolve(None, here).unwrap(), other);
    let error = store.resolve(Some("dig"), here).unwrap_err();
    assert!(matches!(&error, StoreError::Ambiguous { candidates, .. } if candidates.len() == 3));
    let error = store.resolve(Some("digist"), here).unwrap_err();
    assert!(matches!(&error, StoreError::NotFound { near, .. } if near.contains(&new)), "{error}");
    let error = store.resolve(None, Path::new("/elsewhere")).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { selector: None, .. }));
    assert!(store.resolve(Some("../../etc"), here).is_err());
}

#[test]
fn a_run_that_was_never_submitted_is_meant_by_its_id_alone() {
    let (_dir, store) = store();
    let here = Path::new("/work");
    let ghost = || {
        let CreatedRun { paths, lock } = create(&store, "digits", 1);
        let record = store.finish_unsubmitted(&lock, &paths, "nobody answers".into()).unwrap();
        assert!(record.unsubmitted);
        paths.run
    };
    let first = ghost();
    assert_eq!(store.resolve(None, here).unwrap(), first);
    assert_eq!(store.resolve(Some("digits"), here).unwrap(), first);
    let real = create(&store, "digits", 1).paths.run;
    let last = ghost();
    for _ in 0..2 {
        assert_eq!(store.resolve(None, here).unwrap(), real);
        assert_eq!(store.resolve(Some("digits"), here).unwrap(), real);
        assert_eq!(store.resolve(Some(&last), here).unwrap(), last);
        store.compact(&store.lock().unwrap()).unwrap();
    }
    // What its runtime could not start was submitted, and `why` looks for it.
    let slow = create(&store, "digits", 1).paths;
    let story = Story::new(&slow.run).finished(Outcome::CouldNotStart, None, "2m are over");
    sync(&store, &Scripted::new(story.events, 9), &slow).unwrap();
    assert_eq!(store.resolve(None, here).unwrap(), slow.run);
}

#[test]
fn filters_choose() {
    let (_dir, store) = store();
    for name in ["a", "b", "b"] {
        create(&store, name, 1);
    }
    let count = |filter: ListFilter| {
        let listing = store.list(&filter, &mut |run: &str| store.record(run)).unwrap();
        (listing.runs.len(), listing.total)
    };
    let all = ListFilter::default;
    assert_eq!(count(ListFilter { name: Some("b".into()), ..all() }), (2, 2));
    assert_eq!(count(ListFilter { limit: Some(1), ..all() }), (1, 3));
    assert_eq!(count(ListFilter { states: vec![RunState::Running], ..all() }), (0, 0));
    let label = |value: &str| [("team".to_owned(), value.to_owned())].into_iter().collect();
    assert_eq!(count(ListFilter { labels: label("vision"), ..all() }), (3, 3));
    assert_eq!(count(ListFilter { labels: label("text"), ..all() }), (0, 0));
    let later = now() + SignedDuration::from_secs(60);
    assert_eq!(count(ListFilter { since: Some(later), ..all() }), (0, 0));
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
        cwd: "/work".into(),
        user: "ada".into(),
        host: String::new(),
        argv: Vec::new(),
        git: None,
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
        "trap '' XFSZ; exec {} store::tests::child_on_a_full_disk --exact \
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
fn the_index_is_compacted_as_it_grows() {
    let (_dir, store) = store();
    create(&store, "digits", 1);
    let lock = store.lock().unwrap();
    let mut entry = list(&store)[0].entry.clone();
    for at in 0..1500 {
        entry.id = format!("digits-{at:06}");
        store.index_created(&lock, &entry).unwrap();
        if at % 10 == 0 {
            store.index_created(&lock, &entry).unwrap();
        }
    }
    assert!(parse_index(&store.read_index().unwrap()).compacted > 0);
}

#[test]
fn ten_thousand_runs_list_fast() {
    let (_dir, store) = store();
    store.prepare().unwrap();
    let entry = |at: i64| IndexEntry {
        id: format!("digits-{at:06}"),
        name: "digits".into(),
        kind: "TrainJob".into(),
        runtime: "local".into(),
        cwd: "/home/ada/projects/digits".into(),
        user: "ada".into(),
        labels: [("team".to_owned(), "vision".to_owned())].into_iter().collect(),
        created: Timestamp::from_second(1_790_000_000 + at).unwrap(),
        outcome: Some(Outcome::Succeeded),
        started: Some(Timestamp::from_second(1_790_000_001 + at).unwrap()),
        ended: Some(Timestamp::from_second(1_790_000_100 + at).unwrap()),
        unsubmitted: false,
    };
    let entries: Vec<_> = (0..10_000).map(entry).collect();
    fs_err::write(store.index_path(), compacted_text(&entries).unwrap()).unwrap();
    let start = Instant::now();
    let filter = ListFilter { limit: Some(50), ..ListFilter::default() };
    let listing = store.list(&filter, &mut |run: &str| store.record(run)).unwrap();
    let took = start.elapsed();
    assert_eq!((listing.runs.len(), listing.total), (50, 10_000));
    assert_eq!(listing.runs[0].entry.id, "digits-009999");
    // Generous: a debug build on a busy machine.
    assert!(took.as_millis() < 1500, "{took:?}");
}
