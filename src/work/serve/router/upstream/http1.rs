//! Kept connections to a replica that speaks HTTP/1.1: one request at a time each.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{RequestBody, SendFault};

/// Unused connections to one replica beyond this are closed.
const MOST_IDLE: usize = 1024;
/// A head of an answer that is larger than this is no answer.
const MOST_HEAD: usize = 256 << 10;
const MOST_HEADERS: usize = 256;

/// The connections of a replica that no request has.
pub(crate) struct Http1 {
    address: SocketAddr,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    idle: Vec<Idle>,
    /// Whether the replica has left, so that nothing is kept any more.
    closed: bool,
}

struct Idle {
    sender: SendRequest<RequestBody>,
    since: u64,
}

/// A connection that a request has. It goes back by [`Http1Lease::release`], or closes when dropped.
pub(crate) struct Http1Lease {
    sender: SendRequest<RequestBody>,
    pool: Arc<Http1>,
}

impl Http1 {
    pub(crate) fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { address, kept: Mutex::default() })
    }

    /// Sends a request over a kept or a new connection. What a kept connection did not take, as it
    /// was closed meanwhile, goes to the next one and is no failure.
    pub(crate) async fn send(
        self: &Arc<Self>,
        mut request: Request<RequestBody>,
        connect: Duration,
    ) -> Result<(Response<Incoming>, Http1Lease), SendFault> {
        loop {
            let kept = self.lock().idle.pop();
            let reused = kept.is_some();
            let mut sender = match kept {
                Some(idle) => idle.sender,
                None => self.connect(connect).await.map_err(SendFault::Connect)?,
            };
            if let Err(error) = sender.ready().await {
                if reused {
                    continue;
                }
                return Err(SendFault::Broken { reused, error });
            }
            match sender.try_send_request(request).await {
                Ok(answer) => return Ok((answer, Http1Lease { sender, pool: self.clone() })),
                Err(mut fault) => match fault.take_message() {
                    Some(unsent) if reused => request = unsent,
                    _ => return Err(SendFault::Broken { reused, error: fault.into_error() }),
                },
            }
        }
    }

    async fn connect(&self, limit: Duration) -> io::Result<SendRequest<RequestBody>> {
        let stream = connect(self.address, limit).await?;
        let (sender, connection) = http1::Builder::new()
            .max_headers(MOST_HEADERS)
            .max_buf_size(MOST_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        // Its end is seen by whoever uses it next.
        tokio::spawn(connection.with_upgrades());
        Ok(sender)
    }

    /// Closes what has been unused since before a time.
    pub(crate) fn sweep(&self, before: u64) {
        let mut kept = self.lock();
        kept.idle.retain(|one| one.since >= before && !one.sender.is_closed());
    }

    /// Keeps connections from now on, or closes what is unused, now and later.
    pub(crate) fn keep(&self, keep: bool) {
        let mut kept = self.lock();
        kept.closed = !keep;
        if !keep {
            kept.idle.clear();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Http1Lease {
    /// Gives the connection back after a whole request and a whole answer.
    pub(crate) fn release(self, now: u64) {
        if self.sender.is_closed() {
            return;
        }
        let mut kept = self.pool.lock();
        if kept.idle.len() < MOST_IDLE && !kept.closed {
            kept.idle.push(Idle { sender: self.sender, since: now });
        }
    }
}

/// A connection within a time.
pub(super) async fn connect(address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let stream = tokio::time::timeout(limit, TcpStream::connect(address))
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    stream.set_nodelay(true)?;
    Ok(stream)
}
