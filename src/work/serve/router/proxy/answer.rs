//! An answer's body on its way to the caller.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};

use super::Account;
use crate::front::StreamMark;
use crate::route::{End, Insert, grpc_status};

/// Why an answer breaks off for the caller.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnswerFault {
    /// The replica broke it off.
    #[error("the answer broke off: {0}")]
    Cut(#[source] hyper::Error),
    /// It ended without the trailers that gRPC must end with.
    #[error("the answer has no trailers")]
    Short,
    /// Nothing came for the idle time-out.
    #[error("the answer paused for too long")]
    Paused,
}

/// A body of the router's own, or a replica's that passes.
pub(crate) struct AnswerBody(Kind);

enum Kind {
    Own {
        bytes: Option<Bytes>,
        /// The request is under way until its answer has been taken.
        _account: Option<Box<Account>>,
    },
    Passing(Box<Passing>),
}

struct Passing {
    body: Insert<Incoming>,
    account: Account,
    idle: Duration,
    /// When a piece came last, in milliseconds of the router's clock.
    moved: u64,
    /// Once it had to wait.
    sleep: Option<Pin<Box<Sleep>>>,
    /// Once it took more than one piece.
    mark: Option<StreamMark>,
    failed: bool,
}

impl AnswerBody {
    pub(super) fn own(bytes: Bytes, account: Account) -> Self {
        let bytes = (!bytes.is_empty()).then_some(bytes);
        Self(Kind::Own { bytes, _account: Some(Box::new(account)) })
    }

    /// What stands where another protocol takes over.
    pub(super) const fn none() -> Self {
        Self(Kind::Own { bytes: None, _account: None })
    }

    /// A replica's answer. One without a body has ended with its head.
    pub(super) fn passing(body: Insert<Incoming>, mut account: Account, idle: Duration) -> Self {
        if body.is_end_stream() {
            account.finish(End::Whole);
            return Self::none();
        }
        let moved = account.peer.shared.clock.now();
        let passing =
            Passing { body, account, idle, moved, sleep: None, mark: None, failed: false };
        Self(Kind::Passing(Box::new(passing)))
    }
}

impl Passing {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, AnswerFault>>> {
        if self.failed {
            return Poll::Ready(None);
        }
        if let Some(mark) = &self.mark {
            mark.asked_for();
        }
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            ready!(self.poll_pause(cx));
            self.failed = true;
            self.account.finish(End::Cut);
            return Poll::Ready(Some(Err(AnswerFault::Paused)));
        };
        let frame = match frame {
            Some(Ok(frame)) => frame,
            Some(Err(error)) => {
                self.failed = true;
                self.account.finish(End::Cut);
                return Poll::Ready(Some(Err(AnswerFault::Cut(error))));
            }
            // hyper takes a stream that was reset by CANCEL or NO_ERROR to have ended.
            None if self.account.lacks_trailers() => {
                self.failed = true;
                self.account.finish(End::Cut);
                return Poll::Ready(Some(Err(AnswerFault::Short)));
            }
            None => {
                self.account.finish(End::Whole);
                return Poll::Ready(None);
            }
        };
        if let Some(piece) = frame.data_ref() {
            self.account.sends(piece);
        } else if let Some(trailers) = frame.trailers_ref() {
            self.account.trails(grpc_status(trailers));
        }
        if self.body.is_end_stream() && !self.account.lacks_trailers() {
            self.account.finish(End::Whole);
        } else {
            self.moved = self.account.peer.shared.clock.now();
            let account = &self.account;
            let mark = self.mark.get_or_insert_with(|| account.mark.connection().stream());
            mark.handed_out(self.moved);
        }
        Poll::Ready(Some(Ok(frame)))
    }

    /// Ready when nothing came for too long, in either direction.
    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let idle = self.idle;
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(idle)));
            ready!(sleep.as_mut().poll(cx));
            let uploaded = self.account.upload.as_ref().and_then(|upload| upload.moved());
            let moved = self.moved.max(uploaded.unwrap_or(0));
            let now = self.account.peer.shared.clock.now();
            let since = Duration::from_millis(now.saturating_sub(moved));
            let Some(left) = idle.checked_sub(since).filter(|left| !left.is_zero()) else {
                return Poll::Ready(());
            };
            sleep.as_mut().reset(Instant::now() + left);
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = AnswerFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, AnswerFault>>> {
        match &mut self.0 {
            Kind::Own { bytes, .. } => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))))
            }
            Kind::Passing(passing) => passing.poll(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Own { bytes, .. } => bytes.is_none(),
            Kind::Passing(passing) => {
                passing.body.is_end_stream() && !passing.account.lacks_trailers()
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Own { bytes, .. } => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Kind::Passing(passing) => passing.body.size_hint(),
        }
    }
}
