//! Connections to a replica that speaks HTTP/2 without TLS, each with many requests at once.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioIo, TokioTimer};

use super::http1::connect;
use super::{RequestBody, SendFault};
use crate::clock::Clock;
use crate::gather::Gather;
use crate::spawn::BoxedTasks;

/// Many servers allow a hundred streams on a connection; the next ones would wait there unseen.
const STREAMS: usize = 96;
const MOST_CONNECTIONS: usize = 64;
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;
const MOST_HEAD: u32 = 256 << 10;
/// A connection whose other side went away without a word is found by this.
const PING: Duration = Duration::from_secs(20);

/// All connections of a replica.
pub(crate) struct Http2 {
    address: SocketAddr,
    clock: Clock,
    kept: Mutex<Kept>,
    /// Held while a connection is made, so that a burst makes one and not one for each request.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Kept {
    open: Vec<Connection>,
    /// Whether the replica has left, so that a connection ends with its requests.
    closed: bool,
}

#[derive(Clone)]
struct Connection {
    sender: SendRequest<RequestBody>,
    streams: Arc<Streams>,
}

#[derive(Default)]
struct Streams {
    count: AtomicUsize,
    /// When the last one ended.
    rested: AtomicU64,
}

/// A place on a connection, which is free again when this is dropped.
pub(crate) struct Http2Lease(Arc<Streams>, Clock);

impl Drop for Http2Lease {
    fn drop(&mut self) {
        self.0.rested.store(self.1.now(), Relaxed);
        self.0.count.fetch_sub(1, Relaxed);
    }
}

impl Http2 {
    pub(crate) fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self {
            address,
            clock: Clock::new(),
            kept: Mutex::default(),
            connecting: tokio::sync::Mutex::default(),
        })
    }

    /// Sends a request over the connection that has the fewest.
    pub(crate) async fn send(
        &self,
        mut request: Request<RequestBody>,
        limit: Duration,
    ) -> Result<(Response<Incoming>, Http2Lease), SendFault> {
        // A connection that is being closed gives the request back; each one only does so once.
        loop {
            let (mut connection, lease, reused) = self.connection(limit).await?;
            if let Err(error) = connection.sender.ready().await {
                self.forget(&connection);
                if reused {
                    continue;
                }
                return Err(SendFault::Broken { reused, error });
            }
            match connection.sender.try_send_request(request).await {
                Ok(answer) => return Ok((answer, lease)),
                Err(mut fault) => match fault.take_message() {
                    Some(unsent) if reused => {
                        self.forget(&connection);
                        request = unsent;
                    }
                    _ => return Err(SendFault::Broken { reused, error: fault.into_error() }),
                },
            }
        }
    }

    async fn connection(
        &self,
        limit: Duration,
    ) -> Result<(Connection, Http2Lease, bool), SendFault> {
        if let Some((connection, lease)) = self.free() {
            return Ok((connection, lease, true));
        }
        let _one = self.connecting.lock().await;
        if let Some((connection, lease)) = self.free() {
            return Ok((connection, lease, true));
        }
        let connection = self.connect(limit).await.map_err(SendFault::Connect)?;
        let lease = self.lease(&connection);
        let mut kept = self.lock();
        if !kept.closed {
            kept.open.push(connection.clone());
        }
        drop(kept);
        Ok((connection, lease, false))
    }

    fn free(&self) -> Option<(Connection, Http2Lease)> {
        let mut kept = self.lock();
        kept.open.retain(|one| !one.sender.is_closed());
        let full = kept.open.len() >= MOST_CONNECTIONS;
        let count = |one: &Connection| one.streams.count.load(Relaxed);
        let least = kept.open.iter().min_by_key(|one| count(one))?;
        if count(least) >= STREAMS && !full {
            return None;
        }
        Some((least.clone(), self.lease(least)))
    }

    fn lease(&self, connection: &Connection) -> Http2Lease {
        connection.streams.count.fetch_add(1, Relaxed);
        Http2Lease(connection.streams.clone(), self.clock)
    }

    fn forget(&self, connection: &Connection) {
        self.lock().open.retain(|one| !Arc::ptr_eq(&one.streams, &connection.streams));
    }

    async fn connect(&self, limit: Duration) -> io::Result<Connection> {
        let stream = connect(self.address, limit).await?;
        let (sender, connection) = http2::Builder::new(BoxedTasks)
            .timer(TokioTimer::new())
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(MOST_HEAD)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .handshake(TokioIo::new(Gather::new(stream)))
            .await
            .map_err(io::Error::other)?;
        // Its end is seen by whoever uses it next.
        tokio::spawn(connection);
        Ok(Connection { sender, streams: Arc::default() })
    }

    /// Closes what has been unused since before a time.
    pub(crate) fn sweep(&self, before: u64) {
        let used = |one: &Connection| {
            let streams = &one.streams;
            streams.count.load(Relaxed) > 0 || streams.rested.load(Relaxed) >= before
        };
        self.lock().open.retain(used);
    }

    /// Keeps connections from now on, or closes all of them, those of later too, each when its last
    /// request has ended.
    pub(crate) fn keep(&self, keep: bool) {
        let mut kept = self.lock();
        kept.closed = !keep;
        if !keep {
            kept.open.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
