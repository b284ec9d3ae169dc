//! Servers behind the router.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::server;

/// What a server saw.
#[derive(Clone, Default)]
pub(super) struct Seen {
    /// Heads of requests.
    pub(super) requests: Arc<AtomicU64>,
    /// Bytes of bodies.
    pub(super) bytes: Arc<AtomicU64>,
    /// Bodies that came to their end.
    pub(super) whole: Arc<AtomicU64>,
}

impl Seen {
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Relaxed)
    }

    pub(super) fn whole(&self) -> u64 {
        self.whole.load(Relaxed)
    }
}

/// One that reads each request to its end and answers `good` and the number
/// of bytes.
pub(super) async fn good() -> (SocketAddr, Seen) {
    let seen = Seen::default();
    let counts = seen.clone();
    let address = server(move |stream, _| {
        let seen = counts.clone();
        async move {
            let service =
                service_fn(move |request: Request<Incoming>| answer(seen.clone(), request));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await;
    (address, seen)
}

async fn answer(
    seen: Seen,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    seen.requests.fetch_add(1, Relaxed);
    let mut body = request.into_body();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Ok(Response::new(Full::default()));
        };
        let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
        seen.bytes.fetch_add(bytes, Relaxed);
        length += bytes;
    }
    seen.whole.fetch_add(1, Relaxed);
    Ok(Response::new(Full::from(format!("good {length}"))))
}

/// One that reads a request's head and then answers these bytes and closes.
pub(super) async fn scripted(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer: Arc<[u8]> = answer.into().into();
    server(move |mut stream, _| {
        let answer = answer.clone();
        async move {
            if read_head(&mut stream).await.is_some() {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
                drain(&mut stream).await;
            }
        }
    })
    .await
}

/// The head of a request; None if the connection ended.
pub(super) async fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    Some(head)
}

/// Reads until the other side closes.
pub(super) async fn drain(stream: &mut TcpStream) {
    let mut space = [0; 4096];
    while matches!(stream.read(&mut space).await, Ok(1..)) {}
}
