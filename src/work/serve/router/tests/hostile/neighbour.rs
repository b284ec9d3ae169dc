//! Somebody who uses the endpoint as it is meant, while others attack it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use tokio::task::JoinHandle;

use super::wire::Wire;

/// A caller with a connection of its own, on which each request has to be answered well.
pub(super) struct Neighbour {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Neighbour {
    pub(super) fn new(address: SocketAddr) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (stopped, counted) = (stop.clone(), answered.clone());
        let task = tokio::spawn(async move {
            let mut wire = Wire::open(address).await;
            while !stopped.load(Relaxed) {
                wire.send("POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nhello").await;
                let answer = wire.answer().await.expect("the connection stays");
                assert_eq!((answer.status, answer.text(), answer.whole), (200, "good 5", true));
                assert_eq!(answer.headers["x-mlctl-revision"], "good");
                counted.fetch_add(1, Relaxed);
            }
        });
        Self { stop, answered, task }
    }

    /// Waits for one more answer, and that all of them were good.
    pub(super) async fn unhurt(self) {
        let before = self.answered.load(Relaxed);
        while self.answered.load(Relaxed) <= before && !self.task.is_finished() {
            tokio::task::yield_now().await;
        }
        self.stop.store(true, Relaxed);
        self.task.await.unwrap();
    }
}
