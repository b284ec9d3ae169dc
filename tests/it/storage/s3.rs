//! S3, as versitygw speaks it; and files, which keep the same contract.

use super::{contract, on_runtime};
use crate::support::stores::S3;

#[test]
fn s3_keeps_the_contract() {
    let server = S3::start();
    on_runtime(contract::holds(&server.stores(), "s3://bucket/a folder/"));
}

#[test]
fn files_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let stores = mlctl::storage::Stores::new(Default::default());
    on_runtime(contract::holds(&stores, &format!("{}/", dir.path().display())));
    let left = std::process::Command::new("find").arg(dir.path()).arg("-name").arg(".*").output();
    assert!(left.unwrap().stdout.is_empty(), "no half-written file is left");
}
