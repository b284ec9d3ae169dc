//! Claims on a folder, which is a store like any other.

use std::path::Path;

use super::{ClaimError, ClaimMode, Claims, was_claimed};
use crate::storage::{OWNER_FILE, Place, StorageConfig, Stores};

struct Output {
    root: tempfile::TempDir,
    stores: Stores,
    place: Place,
}

impl Output {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let place = root.path().join("out").to_string_lossy().into_owned().into();
        Self { root, stores: Stores::new(StorageConfig::default()), place }
    }

    fn claims(&self) -> Claims<'_> {
        Claims::new(&self.stores, &self.place, &|_| None)
    }

    fn write(&self, path: &str) {
        let file = self.root.path().join("out").join(path);
        fs_err::create_dir_all(file.parent().unwrap()).unwrap();
        fs_err::write(file, "r-0").unwrap();
    }

    fn has(&self, path: &str) -> bool {
        self.root.path().join("out").join(path).exists()
    }

    async fn take(&self, run: &str, mode: ClaimMode) -> Result<(), ClaimError> {
        self.claims().take(run, mode).await
    }
}

#[tokio::test]
async fn of_many_runs_that_come_at_once_one_has_the_output() {
    let output = Output::new();
    let runs: Vec<String> = (0..8).map(|n| format!("r-{n}")).collect();
    let takes = runs.iter().map(|run| output.take(run, ClaimMode::New));
    let taken = futures::future::join_all(takes).await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 1);
    let overwriting = runs.iter().map(|run| output.take(run, ClaimMode::Overwrite));
    let taken = futures::future::join_all(overwriting).await;
    // Some may have come one after the other; whoever lost to another one was told.
    assert!(taken.iter().any(Result::is_ok), "{taken:?}");
    let claims = output.claims();
    let held = futures::future::join_all(runs.iter().map(|run| claims.look(run, ClaimMode::New)));
    let holders: Vec<usize> =
        held.await.iter().enumerate().filter(|(_, held)| held.is_ok()).map(|(at, _)| at).collect();
    assert!(holders.len() == 1 && taken[holders[0]].is_ok(), "{holders:?} of {taken:?}");
}

#[tokio::test]
async fn what_a_run_has_left_is_gone_on_with_or_removed_only_where_that_is_asked_for() {
    let output = Output::new();
    output.take("r-1", ClaimMode::New).await.unwrap();
    output.take("r-1", ClaimMode::Overwrite).await.unwrap();
    let held = output.take("r-2", ClaimMode::New).await.unwrap_err();
    assert!(matches!(&held, ClaimError::Held { run, .. } if run == "r-1"), "{held}");
    output.write("checkpoints/1");
    let filled = output.take("r-2", ClaimMode::New).await.unwrap_err();
    assert!(matches!(&filled, ClaimError::Filled { run, .. } if run == "r-1"), "{filled}");
    output.take("r-2", ClaimMode::Resume).await.unwrap();
    assert!(output.has("checkpoints/1"));
    output.write("notes.txt");
    output.take("r-3", ClaimMode::Overwrite).await.unwrap();
    assert!(!output.has("checkpoints/1"));
    assert!(output.has("notes.txt"), "it is no run's");
    let late = output.take("r-1", ClaimMode::New).await.unwrap_err();
    assert!(matches!(&late, ClaimError::Held { run, .. } if run == "r-3"), "{late}");
}

#[tokio::test]
async fn an_output_that_is_left_empty_is_given_back() {
    let output = Output::new();
    output.take("r-1", ClaimMode::New).await.unwrap();
    assert!(!output.claims().give_back("r-2").await.unwrap());
    assert!(output.claims().give_back("r-1").await.unwrap());
    output.take("r-2", ClaimMode::New).await.unwrap();
    output.write("model/m");
    assert!(!output.claims().give_back("r-2").await.unwrap());
    assert!(output.take("r-3", ClaimMode::New).await.is_err());
    assert!(was_claimed(&output.root.path().join("out")));
    assert!(!was_claimed(Path::new("/")));
}

#[tokio::test]
async fn what_is_known_of_the_other_run_decides() {
    let output = Output::new();
    output.take("r-1", ClaimMode::New).await.unwrap();
    let lives = Claims::new(&output.stores, &output.place, &|_| Some(true));
    for mode in [ClaimMode::New, ClaimMode::Resume, ClaimMode::Overwrite] {
        let refused = lives.take("r-2", mode).await.unwrap_err();
        assert!(matches!(refused, ClaimError::Running { .. }), "{refused}");
    }
    let ended = Claims::new(&output.stores, &output.place, &|_| Some(false));
    ended.look("r-2", ClaimMode::New).await.unwrap();
    ended.take("r-2", ClaimMode::New).await.unwrap();
    output.write("model/m");
    assert!(ended.take("r-3", ClaimMode::New).await.is_err());
}

#[tokio::test]
async fn what_was_there_before_claims_is_nobodys_by_accident() {
    let output = Output::new();
    output.write(&format!("model/{OWNER_FILE}"));
    output.claims().look("r-1", ClaimMode::New).await.unwrap();
    output.write("model/m");
    let filled = output.take("r-1", ClaimMode::New).await.unwrap_err();
    assert!(matches!(&filled, ClaimError::Filled { run, .. } if run == "r-0"), "{filled}");
    let other = Output::new();
    other.write("checkpoints/1");
    let unknown = other.take("r-1", ClaimMode::New).await.unwrap_err();
    assert!(matches!(unknown, ClaimError::Unknown { .. }), "{unknown}");
}

#[tokio::test]
async fn what_others_put_beside_the_claims_is_none() {
    let output = Output::new();
    for name in ["18446744073709551615.json", "7.json", "-1.json", "x.json", "00001.txt"] {
        output.write(&format!("_mlctl/claims/{name}"));
    }
    output.take("r-1", ClaimMode::New).await.unwrap();
    assert!(output.has("_mlctl/claims/00001.json"));
    let held = output.take("r-2", ClaimMode::New).await.unwrap_err();
    assert!(matches!(&held, ClaimError::Held { run, .. } if run == "r-1"), "{held}");
}

#[tokio::test]
async fn what_a_link_leads_to_is_not_removed() {
    let output = Output::new();
    let elsewhere = output.root.path().join("elsewhere");
    fs_err::create_dir_all(elsewhere.join("data")).unwrap();
    fs_err::write(elsewhere.join("data/rows"), "1").unwrap();
    output.write("model/m");
    let model = output.root.path().join("out/model");
    std::os::unix::fs::symlink(&elsewhere, output.root.path().join("out/checkpoints")).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("data"), model.join("data")).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("data/rows"), model.join("rows")).unwrap();
    output.take("r-1", ClaimMode::Overwrite).await.unwrap();
    assert!(!output.has("model/m") && !output.has("model/rows"));
    assert_eq!(fs_err::read_to_string(elsewhere.join("data/rows")).unwrap(), "1");
}
