use std::collections::BTreeMap;
use mlctl::storage::{StorageConfig, Stores};
#[test]
fn azurite() {
    let env: BTreeMap<String,String> = [("AZURE_STORAGE_USE_EMULATOR","true"),("AZURITE_BLOB_STORAGE_URL","http://127.0.0.1:17100")].map(|(a,b)|(a.to_owned(),b.to_owned())).into();
    let stores = Stores::new(StorageConfig{env, ..Default::default()});
    super::on_runtime(super::contract::holds(&stores, "az://bucket/a folder/"));
}
#[test]
fn moto() {
    let env = crate::support::stores::s3_env("http://127.0.0.1:17101");
    let stores = Stores::new(StorageConfig{env, ..Default::default()});
    super::on_runtime(super::contract::holds(&stores, "s3://bucket/a folder/"));
    let l = super::on_runtime(stores.listing(&"s3://odd/".into())).unwrap();
    eprintln!("{l:?}");
    assert!(l.skipped.len() >= 3 && l.objects.len() == 1, "{l:?}");
}
