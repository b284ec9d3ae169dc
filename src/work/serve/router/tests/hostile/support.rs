//! A router before a good server and a bad one.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::{Limits, ReplicaConfig, RevisionConfig, Router, RouterConfig, Snapshot};

/// Limits that are reached soon.
pub(super) fn limits() -> Limits {
    Limits {
        timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_millis(300),
        header_timeout: Duration::from_millis(200),
        max_body: 100_000,
        max_headers: 16 << 10,
        ..Limits::default()
    }
}

/// Two revisions, each with one replica: `good` has all traffic, `bad` is asked for by name.
pub(super) fn config(good: SocketAddr, bad: SocketAddr) -> RouterConfig {
    let mut config =
        RouterConfig::parse(br#"{"schemaVersion":1,"endpoint":"e","revisions":[]}"#).unwrap();
    let revision = |name: &str, weight, address| RevisionConfig {
        name: name.to_owned(),
        weight,
        replicas: vec![ReplicaConfig {
            id: format!("{name}-0"),
            address,
            grpc_address: Some(address),
        }],
        ..RevisionConfig::default()
    };
    config.revisions = vec![revision("good", 100, good), revision("bad", 0, bad)];
    config.limits = limits();
    config
}

/// A router that serves until the test ends.
pub(super) struct House {
    pub(super) router: Router,
    pub(super) address: SocketAddr,
}

impl House {
    pub(super) async fn new(config: RouterConfig) -> Self {
        let router = Router::new(config, None).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = router.clone();
        tokio::spawn(async move {
            serving.serve(listener, None, std::future::pending(), Duration::ZERO).await;
        });
        Self { router, address }
    }

    /// The figures, once they are as wanted. That they come to be so is all that is claimed: a test
    /// that waits for what never comes is ended from outside.
    pub(super) async fn settled(&self, wanted: impl Fn(&Snapshot) -> bool) -> Snapshot {
        loop {
            let snapshot = self.router.snapshot();
            if wanted(&snapshot) {
                return snapshot;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until no request and no connection but these is left.
    pub(super) async fn empty(&self, connections: u64) -> Snapshot {
        self.settled(|snapshot| snapshot.in_flight == 0 && snapshot.connections <= connections)
            .await
    }
}

/// A server that does with each connection what it is told; the number counts them from 0.
pub(super) async fn server<F, T>(serve: F) -> SocketAddr
where
    F: Fn(TcpStream, usize) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, number));
        }
    });
    address
}
