//! A client's connection as bytes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use super::scan::HeadScan;
use super::state::ConnectionState;

/// How a connection of HTTP/2 begins.
pub(super) const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long, and how many bytes, are read and thrown away after the last answer. A socket that is
/// closed with unread bytes is reset, and a reset can overtake the answer that says why.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 8 << 20;

/// With TLS or without.
pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that first gives what was read from it to find out what it speaks.
pub(super) struct Transport {
    stream: Stream,
    state: Arc<ConnectionState>,
    scan: HeadScan,
    start: [u8; PREFACE.len()],
    filled: usize,
    taken: usize,
    closing: Closing,
}

enum Closing {
    No,
    Lingering { until: Pin<Box<Sleep>>, left: usize },
    Done,
}

impl Transport {
    pub(super) fn new(stream: Stream, state: Arc<ConnectionState>) -> Self {
        Self {
            stream,
            state,
            scan: HeadScan::default(),
            start: [0; PREFACE.len()],
            filled: 0,
            taken: 0,
            closing: Closing::No,
        }
    }

    /// Reads as far as is needed to know whether it is HTTP/2. An end within it is left to whoever
    /// reads next.
    pub(super) async fn is_http2(&mut self) -> io::Result<bool> {
        while self.filled < PREFACE.len() {
            let Self { stream, start, filled, .. } = self;
            let read = std::future::poll_fn(|cx| {
                let mut buffer = ReadBuf::new(&mut start[*filled..]);
                ready!(poll_read(stream, cx, &mut buffer))?;
                Poll::Ready(Ok::<_, io::Error>(buffer.filled().len()))
            })
            .await?;
            if read == 0 {
                return Ok(false);
            }
            let new = &self.start[self.filled..self.filled + read];
            self.state.read(&mut self.scan, new);
            self.filled += read;
            if self.start[..self.filled] != PREFACE[..self.filled] {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn poll_read(
    stream: &mut Stream,
    cx: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<io::Result<()>> {
    match stream {
        Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
        Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.taken < this.filled {
            let part = (this.filled - this.taken).min(buffer.remaining());
            buffer.put_slice(&this.start[this.taken..this.taken + part]);
            this.taken += part;
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(poll_read(&mut this.stream, cx, buffer))?;
        if buffer.filled().len() > before {
            this.state.read(&mut this.scan, &buffer.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if matches!(this.closing, Closing::No) {
            ready!(match &mut this.stream {
                Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
                Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
            })?;
            let until = Box::pin(tokio::time::sleep(LINGER));
            this.closing = Closing::Lingering { until, left: LINGER_BYTES };
        }
        while let Closing::Lingering { until, left } = &mut this.closing {
            let mut space = [0; 4096];
            let mut buffer = ReadBuf::new(&mut space);
            let read = match poll_read(&mut this.stream, cx, &mut buffer) {
                Poll::Pending => {
                    ready!(until.as_mut().poll(cx));
                    0
                }
                Poll::Ready(Ok(())) => buffer.filled().len(),
                Poll::Ready(Err(_)) => 0,
            };
            *left = left.saturating_sub(read);
            if read == 0 || *left == 0 {
                this.closing = Closing::Done;
            }
        }
        Poll::Ready(Ok(()))
    }
}
