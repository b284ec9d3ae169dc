//! One connection of a client from its first to its last byte.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::state::{ConnectionState, Verdict};
use super::transport::{Stream, Transport};
use crate::Limits;
use crate::gather::Gather;
use crate::proxy::{self, Peer};
use crate::route::{Dialect, Refusal};
use crate::router::Shared;
use crate::spawn::BoxedTasks;

/// Streams of one connection at once.
const STREAMS: u32 = 256;
/// How much of a request's body a connection holds while its replica takes it: for each stream, and
/// over all.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 2 << 20;
/// How much of an answer a connection holds for each stream.
const SEND_BUFFER: usize = 256 << 10;
/// Streams that the client reset and nobody has looked at yet; more end the connection, which is
/// what ends a rapid reset (CVE-2023-44487). And streams that were reset as they broke the rules.
const RESETS: usize = 20;
const ERROR_RESETS: usize = 256;

/// What a connection needs.
pub(super) struct Accepted {
    pub(super) shared: Arc<Shared>,
    pub(super) stream: TcpStream,
    pub(super) address: SocketAddr,
    pub(super) tls: Option<TlsAcceptor>,
    /// True once no more requests are to come.
    pub(super) stop: watch::Receiver<bool>,
}

/// Serves a connection until it ends.
pub(super) async fn serve(accepted: Accepted) {
    let Accepted { shared, stream, address, tls, mut stop } = accepted;
    let limits = shared.live().config.limits.clone();
    let state = ConnectionState::new(shared.clock);
    // Answers are written when they are there, however small; a socket that can't do it still works.
    let _ = stream.set_nodelay(true);

    let scheme = if tls.is_some() { "https" } else { "http" };
    let stream = match tls {
        None => Stream::Plain(stream),
        Some(tls) => match tokio::time::timeout(limits.header_timeout, tls.accept(stream)).await {
            Ok(Ok(stream)) => Stream::Tls(Box::new(stream)),
            _ => return,
        },
    };
    let mut transport = Transport::new(stream, state.clone());
    let http2 = tokio::select! {
        http2 = transport.is_http2() => http2,
        _ = watch_over(&state, true, &limits) => return,
        _ = stop.wait_for(|stop| *stop) => return,
    };
    let Ok(http2) = http2 else { return };

    let peer = Peer { shared, address, scheme };
    if http2 {
        serve_http2(transport, state, peer, stop, limits).await;
    } else {
        serve_http1(transport, state, peer, stop, limits).await;
    }
}

async fn serve_http1(
    transport: Transport,
    state: Arc<ConnectionState>,
    peer: Peer,
    mut stop: watch::Receiver<bool>,
    limits: Limits,
) {
    let marks = state.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (peer, mark) = (peer.clone(), marks.request());
        // hyper moves it, and it is long.
        Box::pin(async move { Ok::<_, Infallible>(proxy::answer(peer, mark, request).await) })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper's own time-out also runs while a kept connection is unused.
        .header_read_timeout(None)
        .max_header_size(limits.max_headers)
        .max_buf_size(limits.max_headers.max(64 << 10))
        .serve_connection(TokioIo::new(transport), service)
        .with_upgrades();
    let mut closing = false;
    loop {
        tokio::select! {
            biased;
            _ = &mut connection => return,
            verdict = watch_over(&state, true, &limits) => match verdict {
                Verdict::SlowHead => break,
                // One that was told and has still not gone is left.
                Verdict::Unused if !closing => {
                    closing = true;
                    Pin::new(&mut connection).graceful_shutdown();
                }
                _ => return,
            },
            _ = stop.wait_for(|stop| *stop), if !closing => {
                closing = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    }
    let slow = Refusal::HeadTooSlow(millis(limits.header_timeout)).answer(Dialect::Plain);
    if let Some(parts) = connection.into_parts() {
        let mut transport = parts.io.into_inner();
        if transport.write_all(&written(&slow)).await.is_ok() {
            let _ = transport.shutdown().await;
        }
    }
}

async fn serve_http2(
    transport: Transport,
    state: Arc<ConnectionState>,
    peer: Peer,
    mut stop: watch::Receiver<bool>,
    limits: Limits,
) {
    let marks = state.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (peer, mark) = (peer.clone(), marks.request());
        // hyper moves it, and it is long.
        Box::pin(async move { Ok::<_, Infallible>(proxy::answer(peer, mark, request).await) })
    });
    let connection = http2::Builder::new(BoxedTasks)
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(u32::try_from(limits.max_headers).unwrap_or(u32::MAX))
        .max_pending_accept_reset_streams(RESETS)
        .max_local_error_reset_streams(ERROR_RESETS)
        .serve_connection(TokioIo::new(Gather::new(transport)), service);
    let mut connection = pin!(connection);
    let mut closing = false;
    loop {
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            verdict = watch_over(&state, false, &limits) => match verdict {
                Verdict::Unused if !closing => {
                    closing = true;
                    connection.as_mut().graceful_shutdown();
                }
                _ => return,
            },
            _ = stop.wait_for(|stop| *stop), if !closing => {
                closing = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// Ends when something has to be done with a connection.
async fn watch_over(state: &ConnectionState, heads: bool, limits: &Limits) -> Verdict {
    let (header, idle) = (millis(limits.header_timeout), millis(limits.idle_timeout));
    let step = (limits.header_timeout.min(limits.idle_timeout) / 2).max(Duration::from_millis(5));
    loop {
        tokio::time::sleep(step).await;
        let verdict = state.verdict(heads, header, idle);
        if verdict != Verdict::Fine {
            return verdict;
        }
    }
}

/// An answer as bytes, for a connection that nobody else writes to any more.
fn written(answer: &Response<Bytes>) -> Vec<u8> {
    let status = answer.status();
    let reason = status.canonical_reason().unwrap_or_default();
    let mut bytes = format!("HTTP/1.1 {} {reason}\r\n", status.as_u16()).into_bytes();
    for (name, value) in answer.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let length = answer.body().len();
    bytes.extend_from_slice(
        format!("content-length: {length}\r\nconnection: close\r\n\r\n").as_bytes(),
    );
    bytes.extend_from_slice(answer.body());
    bytes
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
