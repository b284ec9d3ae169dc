//! S3, as versitygw speaks it; and files, which keep the same contract.

use mlctl::storage::{Examined, StorageConfig, StorageErrorKind, Stores};

use super::contract;
use crate::support::on_runtime;
use crate::support::stores::{S3, free_port, s3_env};

#[test]
fn s3_keeps_the_contract() {
    let server = S3::start();
    on_runtime(contract::holds(&server.stores(), "s3://bucket/a folder/"));
}

#[test]
fn files_keep_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let stores = Stores::new(StorageConfig::default());
    on_runtime(contract::holds(&stores, &format!("{}/", dir.path().display())));
    let find = ["-mindepth", "1", "-name", ".*"];
    let left = std::process::Command::new("find").arg(dir.path()).args(find).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "half-written files");
}

#[test]
fn a_refusal_names_bucket_identity_and_permission() {
    let server = S3::start();
    let mut env = server.env();
    env.insert("AWS_SECRET_ACCESS_KEY".into(), "another-secret".into());
    let stores = Stores::new(StorageConfig { env, ..StorageConfig::default() });
    let error = on_runtime(stores.list(&"s3://bucket/x/".into())).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Denied);
    let text = error.to_string();
    for word in ["listing s3://bucket/x/", "access key tester", "the secret doesn't belong"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("another-secret"), "{text}");
    let error = on_runtime(server.stores().list(&"s3://none/x/".into())).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::NotFound);
    assert!(error.to_string().contains("there is no bucket none"), "{error}");
    server.bucket("none");
    assert_eq!(on_runtime(server.stores().list(&"s3://none/x/".into())).unwrap(), []);
}

#[test]
fn an_examination_says_what_works_and_leaves_nothing() {
    let server = S3::start();
    let report = on_runtime(server.stores().examine(&"s3://bucket/out".into(), true));
    assert!(report.is_fine(), "{report:?}");
    assert_eq!(report.conditional, Examined::Yes);
    assert_eq!(on_runtime(server.stores().list(&"s3://bucket/".into())).unwrap(), []);
    let report = on_runtime(server.stores().examine(&"s3://none/out".into(), true));
    assert!(matches!(&report.reachable, Examined::No(why) if why.contains("no bucket none")));
    // Nobody listens there; the examination still ends, in the store's own time.
    let free = format!("http://127.0.0.1:{}", free_port());
    let stores = Stores::new(StorageConfig { env: s3_env(&free), ..StorageConfig::default() });
    let gone = on_runtime(stores.examine(&"s3://bucket/out".into(), false));
    assert!(matches!(gone.reachable, Examined::No(_)), "{gone:?}");
}
