//! Fewer and larger writes for connections of HTTP/2.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// So many bytes are gathered at most; what is written at once in this size goes out as it is.
const MOST: usize = 32 << 10;
/// A connection that writes no more than this at a time keeps no more memory.
const KEPT: usize = 4 << 10;

/// A stream that gathers what is written to it, and writes it when it is flushed, after everything else
/// had its turn that could be done in the meantime.
///
/// HTTP/2 flushes whenever one of its streams has something, a head, a piece of a body, trailers, and
/// each write is a packet and a system call: with many calls at once they were half of what a call
/// costs. Tasks that are ready now mostly have more for the same connection, so that a flush lets
/// them run first, once. Where nothing else is ready nothing is waited for.
pub(crate) struct Gather<T> {
    inner: T,
    buffer: Vec<u8>,
    /// How much of the buffer has been written.
    written: usize,
    /// Whether the others had their turn since the buffer was empty.
    waited: bool,
}

impl<T> Gather<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, buffer: Vec::new(), written: 0, waited: false }
    }
}

impl<T: AsyncWrite + Unpin> Gather<T> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.buffer.len() {
            let rest = &self.buffer[self.written..];
            let count = ready!(Pin::new(&mut self.inner).poll_write(cx, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += count;
        }
        // A busy one keeps its room: it would be taken again at once.
        let quiet = self.buffer.len() <= KEPT;
        self.buffer.clear();
        if quiet {
            self.buffer.shrink_to(KEPT);
        }
        self.written = 0;
        self.waited = false;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Gather<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Gather<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let size: usize = slices.iter().map(|slice| slice.len()).sum();
        if this.buffer.len() + size > MOST {
            ready!(this.poll_drain(cx))?;
            if size > MOST {
                return Pin::new(&mut this.inner).poll_write_vectored(cx, slices);
            }
        }
        for slice in slices {
            this.buffer.extend_from_slice(slice);
        }
        Poll::Ready(Ok(size))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.buffer.is_empty() {
            if !this.waited {
                this.waited = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            ready!(this.poll_drain(cx))?;
        }
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
