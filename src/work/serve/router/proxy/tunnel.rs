//! A connection that became something else than HTTP, such as a WebSocket.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Account;
use crate::clock::Clock;
use crate::route::End;
use crate::router::Shared;

/// Carries bytes both ways until both sides have ended, one breaks, or nothing moves for `idle`.
/// The request that it began as ends with it.
pub(super) fn open(
    shared: Arc<Shared>,
    client: OnUpgrade,
    replica: OnUpgrade,
    idle: Duration,
    mut account: Account,
) {
    // Before the client's connection ends as one of HTTP, so that it is never counted nowhere.
    let counted = shared.tunnel_opened();
    tokio::spawn(async move {
        let _counted = counted;
        let end = tokio::select! {
            end = carry(client, replica, idle, shared.clock) => end,
            () = shared.tunnels_must_end() => End::Cancelled,
        };
        account.finish(end);
    });
}

async fn carry(client: OnUpgrade, replica: OnUpgrade, idle: Duration, clock: Clock) -> End {
    // A client that went away between the answer and here is as good as one that says nothing.
    let Ok(client) = client.await else { return End::Cancelled };
    let Ok(replica) = replica.await else { return End::Cut };
    let moved = Arc::new(AtomicU64::new(clock.now()));
    let mut client = Watched { inner: TokioIo::new(client), moved: moved.clone(), clock };
    let mut replica = TokioIo::new(replica);
    tokio::select! {
        copied = tokio::io::copy_bidirectional(&mut client, &mut replica) => match copied {
            Ok(_) => End::Whole,
            Err(_) => End::Cut,
        },
        () = stalled(&moved, idle, clock) => End::Cut,
    }
}

async fn stalled(moved: &AtomicU64, idle: Duration, clock: Clock) {
    loop {
        let since = Duration::from_millis(clock.now().saturating_sub(moved.load(Relaxed)));
        let Some(left) = idle.checked_sub(since).filter(|left| !left.is_zero()) else { return };
        tokio::time::sleep(left).await;
    }
}

/// A side that notes when something was read from it or written to it: all that is carried.
struct Watched<T> {
    inner: T,
    moved: Arc<AtomicU64>,
    clock: Clock,
}

impl<T> Watched<T> {
    fn note(&self) {
        self.moved.store(self.clock.now(), Relaxed);
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Watched<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_read(cx, buffer);
        if polled.is_ready() {
            self.note();
        }
        polled
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Watched<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if polled.is_ready() {
            self.note();
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
