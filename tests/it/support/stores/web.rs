//! A web server, and a hub of models, over a folder.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use mlctl::storage::{StorageConfig, Stores};
use tempfile::TempDir;

use super::running::{Running, free_port};
use crate::support::repository;

/// The server; `web.py` says what it answers.
pub struct Web {
    _running: Running,
    folder: TempDir,
    token: Option<&'static str>,
    port: u16,
}

impl Web {
    /// A server of nothing yet. With a token the hub's repositories are private.
    pub fn start(token: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let mut command = Command::new("python3");
        command
            .arg(repository().join("tests/it/support/stores/web.py"))
            .arg(port.to_string())
            .arg(folder.path())
            .args(token);
        let running = Running::start("the web server", port, &mut command);
        Self { _running: running, folder, token, port }
    }

    /// Its URL.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes a file that it serves.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("folder");
        fs_err::write(&path, text).expect("file");
        path
    }

    /// The variables of those who use another hub.
    pub fn env(&self) -> BTreeMap<String, String> {
        let mut env = BTreeMap::from([("HF_ENDPOINT".to_owned(), self.endpoint())]);
        env.extend(self.token.map(|token| ("HF_TOKEN".to_owned(), token.to_owned())));
        env
    }

    /// Stores that reach it.
    pub fn stores(&self) -> Stores {
        Stores::new(StorageConfig { env: self.env(), ..StorageConfig::default() })
    }
}
