//! The state folder as a whole: what is recorded, many at once, finding and listing runs.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::fixture::{Scripted, Story, create};
use super::index::compacted_text;
use super::*;
use crate::event::RunState;
use crate::event::{Event, EventKind};
use crate::gang::{Outcome, RunId};
use crate::run::sync;

pub(super) fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("mlctl")).unwrap();
    (dir, store)
}

pub(super) fn list(store: &Store) -> Vec<RunSummary> {
    store.list(&ListFilter::default(), &mut |run: &RunId| store.record(run)).unwrap().runs
}

pub(super) fn ids(store: &Store) -> Vec<RunId> {
    list(store).into_iter().map(|run| run.entry.id).collect()
}

pub(super) fn good_story(run: &str) -> Story {
    Story::new(run).started(2).finished(Outcome::Succeeded, None, "done")
}

pub(super) fn append(path: &Path, text: &str) {
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
fn a_run_in_the_making_is_left_alone() {
    let (_dir, store) = store();
    let reservation = store.reserve("digits").unwrap();
    assert!(ids(&store).is_empty());
    assert!(store.new_dir().join(reservation.run()).exists());
    drop(reservation);
    assert!(create::is_empty(&store.new_dir()));
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
    assert!(
        matches!(&error, StoreError::NotFound { near, .. } if near.iter().any(|id| *id == new)),
        "{error}"
    );
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
        let listing = store.list(&filter, &mut |run: &RunId| store.record(run)).unwrap();
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

#[test]
fn the_index_is_compacted_as_it_grows() {
    let (_dir, store) = store();
    create(&store, "digits", 1);
    let lock = store.lock().unwrap();
    let mut entry = list(&store)[0].entry.clone();
    for at in 0..1500 {
        entry.id = format!("digits-{at:06}").parse().unwrap();
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
        id: format!("digits-{at:06}").parse().unwrap(),
        name: "digits".into(),
        kind: "TrainJob".into(),
        runtime: "local".into(),
        cwd: "/home/ada/projects/digits".into(),
        user: "ada".into(),
        labels: [("team".to_owned(), "vision".to_owned())].into_iter().collect(),
        trial: None,
        serves: None,
        created: Timestamp::from_second(1_790_000_000 + at).unwrap(),
        outcome: Some(Outcome::Succeeded),
        started: Some(Timestamp::from_second(1_790_000_001 + at).unwrap()),
        ended: Some(Timestamp::from_second(1_790_000_100 + at).unwrap()),
        unsubmitted: false,
        adopted: false,
    };
    let entries: Vec<_> = (0..10_000).map(entry).collect();
    fs_err::write(store.index_path(), compacted_text(&entries).unwrap()).unwrap();
    let start = Instant::now();
    let filter = ListFilter { limit: Some(50), ..ListFilter::default() };
    let listing = store.list(&filter, &mut |run: &RunId| store.record(run)).unwrap();
    let took = start.elapsed();
    assert_eq!((listing.runs.len(), listing.total), (50, 10_000));
    assert_eq!(listing.runs[0].entry.id, "digits-009999");
    // Generous: a debug build on a busy machine.
    assert!(took.as_millis() < 1500, "{took:?}");
}

#[test]
fn what_was_taken_in_is_meant_where_no_own_run_is() {
    let (_dir, store) = store();
    let own = create(&store, "gang", 1).paths.run;
    let lock = store.lock().unwrap();
    // Somebody else's run, called like the beginning of this user's own.
    let name = &own[..own.len() - 2];
    let forged: RunId = format!("{name}-zzzzzz").parse().unwrap();
    let entry = IndexEntry {
        id: forged.clone(),
        name: name.into(),
        adopted: true,
        created: "2099-01-01T00:00:00Z".parse().unwrap(),
        ..store.record(&own).unwrap().entry()
    };
    store.index_created(&lock, &entry).unwrap();
    drop(lock);
    let here = Path::new("/work");
    for selector in [name, &own[..5], "gang"] {
        assert_eq!(store.resolve(Some(selector), here).unwrap(), own, "{selector}");
    }
    assert_eq!(store.resolve(None, here).unwrap(), own);
    assert_eq!(store.resolve(Some(&forged), here).unwrap(), forged);
    assert_eq!(store.resolve(Some(&forged[..forged.len() - 1]), here).unwrap(), forged);
}
