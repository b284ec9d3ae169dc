//! Object stores for one test each; they end with it.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use mlctl::storage::{StorageConfig, Stores};
use tempfile::TempDir;

use super::{cache, repository, wait_for};

/// The user of every store.
pub const USER: &str = "tester";
/// The user's password.
pub const PASSWORD: &str = "a-secret-of-the-tests";

/// A port that nobody listens at.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The folder of the stores' programs, built when need be.
fn programs() -> &'static PathBuf {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let build = repository().join("tests/stores/build");
        let built = Command::new(build).arg(cache()).stderr(Stdio::inherit()).output();
        let built = built.expect("tests/stores/build starts");
        assert!(built.status.success(), "the stores can't be built: tests/run says what is needed");
        PathBuf::from(String::from_utf8_lossy(&built.stdout).trim())
    })
}

/// An S3 server, versitygw, over a folder.
pub struct S3 {
    child: Child,
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
        let child = Command::new(Self::program())
            .env("ROOT_ACCESS_KEY", USER)
            .env("ROOT_SECRET_KEY", PASSWORD)
            .args(["--port", &format!("127.0.0.1:{port}"), "posix"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("versitygw starts");
        let server = Self { child, folder, port };
        wait_for("the S3 server listens", Duration::from_secs(30), || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        server
    }

    /// Its program: one static file.
    pub fn program() -> PathBuf {
        programs().join("versitygw")
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

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
