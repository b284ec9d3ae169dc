//! A request's body on its way to a replica, the start of which is kept to be sent again.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;

/// Why a request's body did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UploadFault {
    /// It has more bytes than are allowed.
    TooLarge,
    /// The caller went away, or what it sent is no body.
    Broken,
    /// Another try has taken over, or nobody wants it any more.
    Over,
}

impl fmt::Display for UploadFault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::TooLarge => "the request's body is too large",
            Self::Broken => "the request's body broke off",
            Self::Over => "the request is over",
        })
    }
}

impl Error for UploadFault {
    /// hyper resets the stream with the reason that it finds here: for a server, a request that is
    /// given up is a cancelled one.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        static CANCELLED: OnceLock<h2::Error> = OnceLock::new();
        Some(CANCELLED.get_or_init(|| h2::Error::from(h2::Reason::CANCEL)))
    }
}

/// How much of a body is read and kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UploadLimits {
    /// Bytes of the whole body.
    pub(crate) body: u64,
    /// Bytes that are kept.
    pub(crate) keep: usize,
}

/// A request's body, which one try after another reads. Only one reads at a time: the last that
/// began, and those before it see an error, which makes their connection give the request up.
pub(crate) struct Upload {
    state: Mutex<State>,
    /// Milliseconds of [`crate::clock::Clock`] when a part of it came last.
    moved: AtomicU64,
}

struct State {
    incoming: Incoming,
    limits: UploadLimits,
    kept: Vec<Bytes>,
    kept_bytes: usize,
    /// Whether more came than is kept, so that it can't be sent again.
    overflowed: bool,
    trailers: Option<HeaderMap>,
    received: u64,
    end: Option<Result<(), UploadFault>>,
    /// The number of the try that reads; 0 is nobody.
    reader: u32,
    waker: Option<Waker>,
}

impl Upload {
    pub(crate) fn new(incoming: Incoming, limits: UploadLimits, now: u64) -> Arc<Self> {
        let state = State {
            incoming,
            limits,
            kept: Vec::new(),
            kept_bytes: 0,
            overflowed: false,
            trailers: None,
            received: 0,
            end: None,
            reader: 0,
            waker: None,
        };
        Arc::new(Self { state: Mutex::new(state), moved: AtomicU64::new(now) })
    }

    /// The body from its start, for the next try. None if too much of it is gone.
    pub(crate) fn restart(self: &Arc<Self>, clock: crate::clock::Clock) -> Option<RequestBody> {
        let mut state = self.lock();
        if state.overflowed {
            return None;
        }
        state.reader += 1;
        let reader = state.reader;
        let total = match (state.end, state.incoming.size_hint().exact()) {
            (Some(Ok(())), _) => Some(state.kept_bytes as u64),
            (None, Some(rest)) => Some(rest + state.kept_bytes as u64),
            _ => None,
        };
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        let reading = Reading { upload: self.clone(), reader, next: 0, left: total, clock };
        Some(RequestBody(Source::Upload(reading)))
    }

    /// Makes whoever reads give up.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.reader = u32::MAX;
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Whether [`Upload::restart`] would give one.
    pub(crate) fn can_restart(&self) -> bool {
        let state = self.lock();
        !state.overflowed && !matches!(state.end, Some(Err(_)))
    }

    /// Whether all of it came.
    pub(crate) fn complete(&self) -> bool {
        matches!(self.lock().end, Some(Ok(())))
    }

    /// What went wrong with it.
    pub(crate) fn fault(&self) -> Option<UploadFault> {
        self.lock().end.and_then(Result::err)
    }

    /// When a part of it came last, and None once it has ended.
    pub(crate) fn moved(&self) -> Option<u64> {
        if self.lock().end.is_some() { None } else { Some(self.moved.load(Ordering::Relaxed)) }
    }

    /// The whole body with its trailers, if it has ended and none of it is gone.
    pub(crate) fn whole(&self) -> Option<(Vec<Bytes>, Option<HeaderMap>)> {
        let state = self.lock();
        let whole = !state.overflowed && matches!(state.end, Some(Ok(())));
        whole.then(|| (state.kept.clone(), state.trailers.clone()))
    }

    /// The first bytes, at most `limit`, and whether there were more.
    pub(crate) fn start(&self, limit: usize) -> (Bytes, bool) {
        let state = self.lock();
        let mut start = bytes::BytesMut::with_capacity(state.kept_bytes.min(limit));
        for chunk in &state.kept {
            start.extend_from_slice(&chunk[..chunk.len().min(limit - start.len())]);
        }
        let more = state.received > start.len() as u64;
        (start.freeze(), more)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Keeps a chunk as long as there is room. What no longer fits is kept in part: it can't be sent
    /// again then, but it can be looked at.
    fn keep(&mut self, chunk: &Bytes) -> bool {
        if self.overflowed {
            return false;
        }
        let room = self.limits.keep - self.kept_bytes;
        self.overflowed = chunk.len() > room;
        let part = if self.overflowed { chunk.slice(..room) } else { chunk.clone() };
        self.kept_bytes += part.len();
        if !part.is_empty() {
            self.kept.push(part);
        }
        !self.overflowed
    }
}

/// What a connection to a replica sends as the body of a request.
pub(crate) struct RequestBody(Source);

enum Source {
    Empty,
    Upload(Reading),
    /// Chunks that are all there, the next one last.
    Copy(Vec<Bytes>, Option<HeaderMap>),
}

struct Reading {
    upload: Arc<Upload>,
    reader: u32,
    /// The next of the kept chunks.
    next: usize,
    /// Bytes that are still to come, if that is known.
    left: Option<u64>,
    clock: crate::clock::Clock,
}

impl RequestBody {
    /// A body without anything.
    pub(crate) const fn empty() -> Self {
        Self(Source::Empty)
    }

    /// One that is all there.
    pub(crate) fn copy(mut chunks: Vec<Bytes>, trailers: Option<HeaderMap>) -> Self {
        chunks.reverse();
        Self(Source::Copy(chunks, trailers))
    }
}

impl Reading {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, UploadFault>>> {
        let mut state = self.upload.lock();
        let state = &mut *state;
        if state.reader != self.reader {
            return Poll::Ready(Some(Err(UploadFault::Over)));
        }
        if !state.overflowed
            && let Some(chunk) = state.kept.get(self.next)
        {
            self.next += 1;
            return Poll::Ready(Some(Ok(Frame::data(chunk.clone()))));
        }
        match state.end {
            Some(Err(fault)) => return Poll::Ready(Some(Err(fault))),
            Some(Ok(())) => {
                if self.next == usize::MAX {
                    return Poll::Ready(None);
                }
                self.next = usize::MAX;
                let trailers = state.trailers.clone();
                return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers))));
            }
            None => {}
        }
        let polled = Pin::new(&mut state.incoming).poll_frame(cx);
        if polled.is_pending() && !state.waker.as_ref().is_some_and(|one| one.will_wake(cx.waker()))
        {
            state.waker = Some(cx.waker().clone());
        }
        let frame = match ready!(polled) {
            Some(Ok(frame)) => frame,
            Some(Err(_)) => {
                state.end = Some(Err(UploadFault::Broken));
                return Poll::Ready(Some(Err(UploadFault::Broken)));
            }
            None => {
                state.end = Some(Ok(()));
                self.next = usize::MAX;
                return Poll::Ready(None);
            }
        };
        self.upload.moved.store(self.clock.now(), Ordering::Relaxed);
        match frame.into_data() {
            Ok(chunk) => {
                state.received += chunk.len() as u64;
                if state.received > state.limits.body {
                    state.end = Some(Err(UploadFault::TooLarge));
                    return Poll::Ready(Some(Err(UploadFault::TooLarge)));
                }
                if state.incoming.is_end_stream() {
                    state.end = Some(Ok(()));
                }
                if !chunk.is_empty() && state.keep(&chunk) {
                    self.next += 1;
                }
                Poll::Ready(Some(Ok(Frame::data(chunk))))
            }
            Err(frame) => {
                let Ok(trailers) = frame.into_trailers() else {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                };
                state.end = Some(Ok(()));
                state.trailers = Some(trailers.clone());
                self.next = usize::MAX;
                Poll::Ready(Some(Ok(Frame::trailers(trailers))))
            }
        }
    }

    fn ended(&self) -> bool {
        let state = self.upload.lock();
        matches!(state.end, Some(Ok(())))
            && (self.next == usize::MAX
                || state.trailers.is_none() && (state.overflowed || self.next >= state.kept.len()))
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = UploadFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, UploadFault>>> {
        let reading = match &mut self.0 {
            Source::Empty => return Poll::Ready(None),
            Source::Copy(chunks, trailers) => {
                let chunk = chunks.pop().map(Frame::data);
                return Poll::Ready(chunk.or_else(|| trailers.take().map(Frame::trailers)).map(Ok));
            }
            Source::Upload(reading) => reading,
        };
        let polled = ready!(reading.poll(cx));
        if let (Some(Ok(frame)), Some(left)) = (&polled, &mut reading.left)
            && let Some(data) = frame.data_ref()
        {
            *left = left.saturating_sub(data.len() as u64);
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Source::Empty => true,
            Source::Copy(chunks, trailers) => chunks.is_empty() && trailers.is_none(),
            Source::Upload(reading) => reading.ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Source::Empty => SizeHint::with_exact(0),
            Source::Copy(chunks, _) => {
                SizeHint::with_exact(chunks.iter().map(|chunk| chunk.len() as u64).sum())
            }
            Source::Upload(reading) => {
                reading.left.map_or_else(SizeHint::default, SizeHint::with_exact)
            }
        }
    }
}
