//! S3 as moto, the stand-in of Python's world, speaks it: with the cloud's own odd keys and versions.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use mlctl::storage::{StorageConfig, Stores};

use super::running::{Running, folder, free_port};
use super::s3_env;

/// The server.
pub struct Moto {
    _running: Running,
    /// Its port on this machine.
    pub port: u16,
}

impl Moto {
    /// A server with one empty bucket, `bucket`.
    pub fn start() -> Self {
        let port = free_port();
        let mut command = Command::new("python3");
        command
            .args(["-m", "moto.server", "--port", &port.to_string()])
            .env("PYTHONPATH", folder("moto"));
        let server = Self { _running: Running::start("moto", port, &mut command), port };
        put(port, "bucket", "", b"");
        server
    }

    /// Stores that reach it.
    pub fn stores(&self) -> Stores {
        let env = s3_env(&format!("http://127.0.0.1:{}", self.port));
        Stores::new(StorageConfig { env, ..StorageConfig::default() })
    }
}

/// A request to a server that asks for no signature: a bucket, or an object with headers of its own.
pub(super) fn put(port: u16, path: &str, headers: &str, body: &[u8]) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    let request = format!(
        "PUT /{path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n{headers}content-length: \
         {}\r\n\r\n",
        body.len()
    );
    server.write_all(&[request.as_bytes(), body].concat()).expect("a request");
    let mut answer = String::new();
    server.read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
