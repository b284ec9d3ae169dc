//! A body with fields put in.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG,
};
use http::{HeaderMap, HeaderName, StatusCode};
use http_body::{Body, Frame, SizeHint};

use super::Insertion;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const DIGEST: HeaderName = HeaderName::from_static("digest");
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// A body whose object gets fields, or that passes as it is.
#[derive(Debug)]
pub(crate) struct Insert<B> {
    body: B,
    insertion: Option<Insertion>,
}

impl<B> Insert<B> {
    /// With fields, if there are any.
    pub(crate) fn new(body: B, insertion: Option<Insertion>) -> Self {
        Self { body, insertion }
    }
}

impl Insertion {
    /// Makes a request one whose answer can be looked into: it asks for no compression.
    pub(crate) fn prepare(headers: &mut HeaderMap) {
        headers.remove(ACCEPT_ENCODING);
    }

    /// Whether fields belong into an answer: a good one of JSON that is not compressed. If so, its
    /// head no longer says what was true of the body before: its length and its checksums.
    pub(crate) fn fits(status: StatusCode, headers: &mut HeaderMap) -> bool {
        let json = headers.get(CONTENT_TYPE).is_none_or(|value| {
            let bytes = value.as_bytes();
            let name = bytes.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
            name.eq_ignore_ascii_case(b"application/json")
        });
        let plain = headers
            .get_all(CONTENT_ENCODING)
            .iter()
            .all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
        if status != StatusCode::OK || !json || !plain {
            return false;
        }
        for name in [CONTENT_LENGTH, ETAG, ACCEPT_RANGES] {
            headers.remove(name);
        }
        for name in [CONTENT_MD5, DIGEST, CONTENT_DIGEST, REPR_DIGEST] {
            headers.remove(name);
        }
        true
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Insert<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(match (frame, &mut self.insertion) {
            (Some(Ok(frame)), Some(insertion)) => {
                Some(Ok(frame.map_data(|piece| insertion.piece(piece))))
            }
            (frame, _) => frame,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.insertion.is_some() { SizeHint::default() } else { self.body.size_hint() }
    }
}
