//! Many commands on one state folder: whatever they do at once, and wherever one of them is killed,
//! the index knows every run that has a folder, once.

use std::collections::HashSet;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::event::RunState;
use crate::gang::{Outcome, RunId};
use crate::run::{SyncError, sync};
use crate::store::FoundRun;
use crate::store::fixture::{Scripted, Story, create, plan};
use crate::store::*;

/// How long the commands work at once.
const AT_ONCE: Duration = Duration::from_secs(2);

/// Where the child of a test works.
const ROOT: &str = "MLCTL_TEST_TOGETHER";

/// The seed of all random choices of a test, in place of one drawn anew.
const SEED: &str = "MLCTL_TOGETHER_SEED";

/// Where a test's random choices come from: each thread and child draws from a stream of its own,
/// so that the same seed makes the same choices. What the system makes of them in between, it
/// decides anew each time.
#[derive(Clone, Copy)]
struct Seed(u64);

impl Seed {
    /// The seed that the environment names, or another one each time; a test that fails shows it.
    fn of_test() -> Self {
        let named = std::env::var(SEED).ok();
        let seed = named.map_or_else(|| fastrand::u64(..), |text| text.parse().expect("a number"));
        println!("{SEED}={seed} makes the same choices again");
        Self(seed)
    }

    /// The numbers of one thread or child, counted by the caller.
    fn stream(self, which: u64) -> fastrand::Rng {
        // Neighbouring seeds would draw alike at first, so the stream's own seed is drawn too.
        let mut seeds = fastrand::Rng::with_seed(self.0);
        for _ in 0..which {
            seeds.u64(..);
        }
        fastrand::Rng::with_seed(seeds.u64(..))
    }
}

fn open(root: &Path) -> Store {
    Store::open(root).unwrap()
}

fn ids(store: &Store) -> Vec<RunId> {
    let listing = store.list(&ListFilter::default(), &mut |run: &RunId| store.record(run)).unwrap();
    listing.runs.into_iter().map(|run| run.entry.id).collect()
}

/// A run that a cluster remembers: submitted from another machine.
fn remembered(elsewhere: &Store, name: &str) -> FoundRun {
    let made = create(elsewhere, name, 1);
    FoundRun {
        record: elsewhere.record(&made.paths.run).unwrap(),
        plan: Some(plan(&made.paths.run, 1)),
        spec: "name: x\n".into(),
        verdict: None,
        state: RunState::Unknown,
    }
}

fn end(store: &Store, run: &RunId) -> Result<RunRecord, SyncError> {
    let story = Story::new(run).started(1).finished(Outcome::Succeeded, None, "done");
    sync(store, &Scripted::new(story.events, 100), &store.paths(run))
}

/// Every run is in the index once, and nothing else is wrong.
fn sound(store: &Store) -> HashSet<RunId> {
    let listed = ids(store);
    let all: HashSet<RunId> = listed.iter().cloned().collect();
    assert_eq!(listed.len(), all.len(), "twice in {listed:?}");
    assert_eq!(store.check().unwrap().problems, [""; 0]);
    all
}

#[test]
fn a_run_that_comes_back_is_listed() {
    let dir = tempfile::tempdir().unwrap();
    let (store, elsewhere) = (open(&dir.path().join("a")), open(&dir.path().join("b")));
    let found = remembered(&elsewhere, "slow");
    let run = &found.record.id;
    assert!(store.adopt(&found).unwrap());
    end(&store, run).unwrap();
    // Its objects belong to somebody else and stay, so the cluster tells of it again.
    store.remove_run(run).unwrap();
    assert!(sound(&store).is_empty());
    assert!(store.adopt(&found).unwrap());
    assert_eq!(sound(&store), HashSet::from([run.clone()]));
    // The end of its first life says nothing of the second.
    let text = store.read_index().unwrap();
    assert_eq!(parse_index(&text).runs[0].outcome, None);
    store.compact(&store.lock().unwrap()).unwrap();
    end(&store, run).unwrap();
    assert_eq!(sound(&store), HashSet::from([run.clone()]));
}

#[test]
fn an_old_run_that_is_found_is_not_the_latest() {
    let dir = tempfile::tempdir().unwrap();
    let (store, elsewhere) = (open(&dir.path().join("a")), open(&dir.path().join("b")));
    let mut found = remembered(&elsewhere, "slow");
    found.record.created = jiff::Timestamp::UNIX_EPOCH;
    let latest = create(&store, "slow", 1).paths.run;
    store.adopt(&found).unwrap();
    assert_eq!(store.resolve(Some("slow"), Path::new("/work")).unwrap(), latest);
    assert_eq!(store.resolve(None, Path::new("/work")).unwrap(), latest);
}

#[test]
fn what_is_still_being_removed_hides_no_run_that_came_back() {
    let dir = tempfile::tempdir().unwrap();
    let (store, elsewhere) = (open(&dir.path().join("a")), open(&dir.path().join("b")));
    let found = remembered(&elsewhere, "slow");
    let run = &found.record.id;
    store.adopt(&found).unwrap();
    // Another command has taken it out and removes its folder just now.
    let removed = store.root().join("removed").join(run);
    fs_err::create_dir_all(removed.join("work")).unwrap();
    assert_eq!(sound(&store), HashSet::from([run.clone()]));
    // One of the same name may be in the way, too.
    fs_err::create_dir_all(removed.join("work")).unwrap();
    store.remove_run(run).unwrap();
    assert!(sound(&store).is_empty());
}

#[test]
fn many_commands_at_once_lose_no_run() {
    let seed = Seed::of_test();
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("a");
    let elsewhere = open(&dir.path().join("b"));
    let one = remembered(&elsewhere, "slow");
    let numbered = |at: u32| {
        let record =
            RunRecord { id: format!("slow-{at:06}").parse().unwrap(), ..one.record.clone() };
        FoundRun { record, plan: None, ..one.clone() }
    };
    let pool: Vec<FoundRun> = (0..1000).map(numbered).collect();
    let (shared, own) = pool.split_at(4);
    let until = Instant::now() + AT_ONCE;
    let work = |mut step: Box<dyn FnMut(&Store) + Send>| {
        let root = root.clone();
        move || {
            while Instant::now() < until {
                step(&open(&root));
            }
        }
    };
    let made = std::sync::Mutex::new(HashSet::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let made = &made;
            // `train --detach`.
            scope.spawn(|| {
                while Instant::now() < until {
                    let store = open(&root);
                    let run = create(&store, "made", 1).paths.run;
                    made.lock().unwrap().insert(run.clone());
                    end(&store, &run).unwrap();
                }
            });
        }
        // `status` of a run that only the cluster knows.
        scope.spawn(|| {
            for found in own {
                if Instant::now() >= until {
                    break;
                }
                let store = open(&root);
                store.adopt(found).unwrap();
                end(&store, &found.record.id).unwrap();
                made.lock().unwrap().insert(found.record.id.clone());
            }
        });
        // The same runs by several commands, removed and found again; what is gone can't be ended.
        for thread in 0..3 {
            let mut random = seed.stream(thread);
            scope.spawn(work(Box::new(move |store| {
                let found = &shared[random.usize(..shared.len())];
                store.adopt(found).unwrap();
                // Another thread may have removed it meanwhile.
                let _ = end(store, &found.record.id);
                if random.bool() {
                    store.remove_run(&found.record.id).unwrap();
                }
            })));
        }
        scope.spawn(work(Box::new(|store| {
            let listed = ids(store);
            assert_eq!(listed.iter().collect::<HashSet<_>>().len(), listed.len(), "{listed:?}");
        })));
        scope.spawn(work(Box::new(|store| {
            store.compact(&store.lock().unwrap()).unwrap();
            store.rebuild().unwrap();
            std::thread::sleep(Duration::from_millis(20));
        })));
    });
    let store = open(&root);
    for found in shared {
        store.adopt(found).unwrap();
    }
    let mut all = made.into_inner().unwrap();
    all.extend(shared.iter().map(|found| found.record.id.clone()));
    assert_eq!(sound(&store), all);
}

/// Not a test of its own: what `a_killed_command_loses_no_run` kills.
#[test]
#[ignore = "run by a_killed_command_loses_no_run"]
fn child_that_is_killed() {
    let Ok(root) = std::env::var(ROOT) else { return };
    let mut random = Seed::of_test().stream(0);
    let root = Path::new(&root);
    let (store, elsewhere) = (open(&root.join("a")), open(&root.join("b")));
    let found = remembered(&elsewhere, "slow");
    loop {
        let run = create(&store, "made", 1).paths.run;
        end(&store, &run).unwrap();
        store.adopt(&found).unwrap();
        store.remove_run(if random.bool() { &run } else { &found.record.id }).unwrap();
    }
}

#[test]
fn a_killed_command_loses_no_run() {
    let mut random = Seed::of_test().stream(0);
    let dir = tempfile::tempdir().unwrap();
    let until = Instant::now() + AT_ONCE;
    let mut killed = 0;
    while Instant::now() < until {
        let mut children: Vec<_> = (0..2)
            .map(|_| {
                Command::new(std::env::current_exe().unwrap())
                    .args(["store::together::child_that_is_killed", "--exact", "--ignored"])
                    .env(ROOT, dir.path())
                    .env(SEED, random.u64(..).to_string())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in &mut children {
            std::thread::sleep(Duration::from_millis(random.u64(10..60)));
            child.kill().unwrap();
            // One that ended by itself would have proved nothing.
            assert_eq!(child.wait().unwrap().signal(), Some(9), "the child failed before its kill");
            killed += 1;
        }
        sound(&open(&dir.path().join("a")));
    }
    assert!(killed > 0, "nothing was killed");
}
