//! S3 as versitygw speaks it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use mlctl::storage::{StorageConfig, Stores};
use tempfile::TempDir;

use super::running::{Running, folder, free_port};

/// The user of every store.
pub const USER: &str = "tester";
/// The user's password.
pub const PASSWORD: &str = "a-secret-of-the-tests";

/// An S3 server, versitygw, over a folder.
pub struct S3 {
    _running: Running,
    folder: TempDir,
    /// Its port on this machine.
    pub port: u16,
}

impl S3 {
    /// A server with one empty bucket, `bucket`.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let data = folder.path().join("data");
        fs_err::create_dir_all(data.join("bucket")).expect("a bucket");
        let mut command = Command::new(Self::program());
        command
            .env("ROOT_ACCESS_KEY", USER)
            .env("ROOT_SECRET_KEY", PASSWORD)
            .args(["--port", &format!("127.0.0.1:{port}"), "posix"])
            .arg(&data);
        Self { _running: Running::start("versitygw", port, &mut command), folder, port }
    }

    /// Its program: one static file.
    pub fn program() -> PathBuf {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        PROGRAM.get_or_init(|| folder("versitygw").join("versitygw")).clone()
    }

    /// The URL of its API.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Where the objects of a bucket lie as files.
    pub fn files(&self, bucket: &str) -> PathBuf {
        self.folder.path().join("data").join(bucket)
    }

    /// One bucket more.
    pub fn bucket(&self, name: &str) {
        fs_err::create_dir_all(self.files(name)).expect("a bucket");
    }

    /// The variables by which a program finds and uses it.
    pub fn env(&self) -> BTreeMap<String, String> {
        s3_env(&self.endpoint())
    }

    /// Stores that reach it.
    pub fn stores(&self) -> Stores {
        Stores::new(StorageConfig { env: self.env(), ..StorageConfig::default() })
    }
}

/// The variables for an S3 server, or for something in front of it.
pub fn s3_env(endpoint: &str) -> BTreeMap<String, String> {
    let pairs = [
        ("AWS_ACCESS_KEY_ID", USER),
        ("AWS_SECRET_ACCESS_KEY", PASSWORD),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL_S3", endpoint),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}
