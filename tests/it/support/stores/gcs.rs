//! Google Cloud Storage as a front of the tests' own over moto speaks it: no emulator of it has the API
//! that clients of object stores use.

use std::collections::BTreeMap;
use std::process::Command;

use mlctl::storage::{StorageConfig, Stores};

use super::moto::put;
use super::running::{Running, folder, free_port};
use crate::support::repository;

/// The server.
pub struct Gcs {
    _running: Running,
    port: u16,
}

impl Gcs {
    /// A server with one empty bucket, `bucket`.
    pub fn start() -> Self {
        let port = free_port();
        let mut command = Command::new("python3");
        command
            .arg(repository().join("tests/it/support/stores/gcs.py"))
            .arg(port.to_string())
            .env("PYTHONPATH", folder("moto"));
        let server =
            Self { _running: Running::start("the store of gs://", port, &mut command), port };
        put(port, "bucket", "", b"");
        server
    }

    /// The variables of those who use an emulator.
    pub fn env(&self) -> BTreeMap<String, String> {
        let url = format!("http://127.0.0.1:{}", self.port);
        [("STORAGE_EMULATOR_HOST".to_owned(), url)].into()
    }

    /// Stores that reach it.
    pub fn stores(&self) -> Stores {
        Stores::new(StorageConfig { env: self.env(), ..StorageConfig::default() })
    }

    /// Writes an object that the store unpacks for those who don't say that they take it as it is.
    pub fn put_packed(&self, key: &str, bytes: &[u8]) {
        let headers = "content-encoding: gzip\r\ncontent-type: application/octet-stream\r\n";
        put(self.port, &format!("bucket/{key}"), headers, bytes);
    }
}
