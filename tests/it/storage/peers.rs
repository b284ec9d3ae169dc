//! Stores of other makers, which keep the same contract.

use std::io::Write;

use mlctl::storage::{BucketSettings, Examined, StorageConfig, StorageErrorKind, Stores};

use super::contract;
use crate::support::on_runtime;
use crate::support::stores::{Azurite, Gcs, Moto};

#[test]
fn moto_keeps_the_contract() {
    let server = Moto::start();
    on_runtime(contract::holds(&server.stores(), "s3://bucket/a folder/"));
}

#[test]
fn azurite_keeps_the_contract() {
    let server = Azurite::start();
    on_runtime(contract::holds(&server.stores(), "az://bucket/a folder/"));
    // By the emulator's own variables, and by the URL that names the account.
    let env = server.emulator_env();
    let stores = Stores::new(StorageConfig { env, ..StorageConfig::default() });
    let report = on_runtime(stores.examine(&"abfs://bucket/out".into(), true));
    assert!(report.is_fine(), "{report:?}");
    assert_eq!(report.conditional, Examined::Yes);
    let error = on_runtime(stores.list(&"az://none/x/".into())).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("there is no container none"), "{error}");
    // By the variables of Azure's libraries, and by those of its command.
    for names in [
        ["AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY"],
        ["AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY"],
    ] {
        let env = names.map(str::to_owned).into_iter().zip(server.account().map(str::to_owned));
        let settings =
            BucketSettings { endpoint: Some(server.endpoint()), ..BucketSettings::default() };
        let buckets = [("az://".to_owned(), settings)].into();
        let stores = Stores::new(StorageConfig { env: env.collect(), buckets, home: None });
        let report = on_runtime(stores.examine(&"az://bucket/out".into(), true));
        assert!(report.is_fine(), "{names:?} {report:?}");
    }
    let mut env = server.env();
    for value in env.values_mut() {
        *value = value.replace("AccountKey=Eby8", "AccountKey=abcd");
    }
    let stores = Stores::new(StorageConfig { env, ..StorageConfig::default() });
    let error = on_runtime(stores.list(&"az://bucket/x/".into())).unwrap_err();
    assert_eq!(error.kind, StorageErrorKind::Denied, "{error}");
    let text = error.to_string();
    assert!(text.contains("a key of the account devstoreaccount1"), "{text}");
    assert!(!text.contains('\n') && !text.contains("abcd"), "{text}");
}

#[test]
fn the_api_of_google_keeps_the_contract() {
    let server = Gcs::start();
    on_runtime(contract::holds(&server.stores(), "gs://bucket/a folder/"));
    let report = on_runtime(server.stores().examine(&"gs://bucket/out".into(), true));
    assert!(report.is_fine(), "{report:?}");
    assert_eq!(report.conditional, Examined::Yes);
    let error = on_runtime(server.stores().list(&"gs://none/x/".into())).unwrap_err();
    assert!(error.to_string().contains("there is no bucket none"), "{error}");
    // As it is stored, whatever the store would make of it for others.
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"{}\n{}\n").unwrap();
    let packed = packed.finish().unwrap();
    server.put_packed("packed", &packed);
    let (entry, bytes) =
        on_runtime(server.stores().read(&"gs://bucket/packed".into(), 100)).unwrap();
    assert!(bytes == packed && entry.size == packed.len() as u64, "{entry:?}");
}
