//! Objects on web servers: one URL each, read only.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap, HeaderValue,
    IF_MATCH, LAST_MODIFIED, LINK, RANGE,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode};

use super::{Object, StorageError, StorageErrorKind};
use crate::storage::Place;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may stay silent within an answer.
const SILENCE: Duration = Duration::from_secs(30);

/// The most bytes of a page of a listing.
const MOST: usize = 64 << 20;

/// A client for web servers.
pub(super) struct Web {
    client: Client,
}

/// A request came to nothing.
#[derive(Debug)]
pub(super) struct WebError {
    pub(super) kind: StorageErrorKind,
    pub(super) reason: String,
}

impl WebError {
    pub(super) fn into_storage(self, operation: &'static str, place: &Place) -> StorageError {
        StorageError::told(operation, place, self.kind, self.reason)
    }

    fn new(kind: StorageErrorKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }

    /// What a status that is no success means.
    pub(super) fn of(status: StatusCode) -> Self {
        let kind = match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => StorageErrorKind::NotFound,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => StorageErrorKind::Denied,
            StatusCode::PRECONDITION_FAILED => StorageErrorKind::Changed,
            status if status.is_server_error() => StorageErrorKind::Unreachable,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => {
                StorageErrorKind::Unreachable
            }
            _ => StorageErrorKind::Unsupported,
        };
        Self::new(kind, format!("the server answers {status}"))
    }
}

impl From<reqwest::Error> for WebError {
    fn from(error: reqwest::Error) -> Self {
        // The URL may carry a signature, and the place is named anyway.
        let error = error.without_url();
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            reason = format!("{reason}: {cause}");
            source = cause.source();
        }
        Self::new(StorageErrorKind::Unreachable, reason)
    }
}

impl Web {
    pub(super) fn new() -> Result<Self, WebError> {
        Self::with_token(None)
    }

    /// A client that shows a token to the servers that it asks, but not to those that they redirect to.
    pub(super) fn with_token(token: Option<&str>) -> Result<Self, WebError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| {
                WebError::new(StorageErrorKind::Denied, "the token has a character that none has")
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let client = Client::builder().connect_timeout(CONNECT).read_timeout(SILENCE);
        Ok(Self { client: client.default_headers(headers).build()? })
    }

    /// A document of an API, and the URL of its next page where it has one.
    pub(super) async fn document(&self, url: &str) -> Result<(Bytes, Option<String>), WebError> {
        let mut answer = plain(self.client.get(url)).send().await?;
        if !answer.status().is_success() {
            return Err(WebError::of(answer.status()));
        }
        let next = text(answer.headers(), LINK).and_then(|link| {
            let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
            Some(next.split_once('<')?.1.split_once('>')?.0.to_owned())
        });
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MOST {
                return Err(WebError::new(StorageErrorKind::TooLarge, "the answer has no end"));
            }
        }
        Ok((bytes.into(), next))
    }

    /// What a server says of one URL.
    pub(super) async fn head(&self, place: &Place, url: &str) -> Result<Object, WebError> {
        let answer = plain(self.client.head(url)).send().await?;
        if answer.status().is_success()
            && let Some(size) = number(answer.headers(), CONTENT_LENGTH)
        {
            return Ok(object(place, size, answer.headers()));
        }
        if answer.status() == StatusCode::NOT_FOUND {
            return Err(WebError::of(answer.status()));
        }
        // Many servers, and URLs signed for GET, refuse HEAD.
        let answer = plain(self.client.get(url)).header(RANGE, "bytes=0-0").send().await?;
        let headers = answer.headers();
        match answer.status() {
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                let range = headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
                let size = range.and_then(|range| range.rsplit_once('/')?.1.parse().ok());
                let size = size.ok_or_else(|| {
                    WebError::new(
                        StorageErrorKind::Unsupported,
                        "the server doesn't say its length",
                    )
                })?;
                Ok(object(place, size, headers))
            }
            StatusCode::OK => match number(headers, CONTENT_LENGTH) {
                Some(size) => Ok(object(place, size, headers)),
                None => Err(WebError::new(
                    StorageErrorKind::Unsupported,
                    "the server says no length and can't send parts",
                )),
            },
            status => Err(WebError::of(status)),
        }
    }

    /// A range of one version.
    pub(super) async fn read_range(
        &self,
        url: &str,
        etag: Option<&str>,
        range: Range<u64>,
    ) -> Result<Bytes, WebError> {
        let mut request = plain(self.client.get(url));
        request = request.header(RANGE, format!("bytes={}-{}", range.start, range.end - 1));
        // A weak tag never satisfies If-Match, so it is compared below instead.
        if let Some(etag) = etag.filter(|etag| !etag.starts_with("W/")) {
            request = request.header(IF_MATCH, etag);
        }
        let answer = request.send().await?;
        if !answer.status().is_success() {
            return Err(WebError::of(answer.status()));
        }
        let now = text(answer.headers(), ETAG);
        if etag.is_some() && now.is_some() && now.as_deref() != etag {
            let reason = "it is another version than the one that was listed";
            return Err(WebError::new(StorageErrorKind::Changed, reason));
        }
        if answer.status() == StatusCode::PARTIAL_CONTENT {
            return Ok(answer.bytes().await?);
        }
        passed_by(answer, range).await
    }
}

/// A request for the bytes as they are stored, so that lengths and ranges are theirs.
fn plain(request: RequestBuilder) -> RequestBuilder {
    request.header(ACCEPT_ENCODING, "identity")
}

/// The range out of a whole answer, from a server that can't send parts.
async fn passed_by(mut answer: Response, range: Range<u64>) -> Result<Bytes, WebError> {
    let mut kept = Vec::new();
    let mut at = 0;
    while let Some(chunk) = answer.chunk().await? {
        let end = at + chunk.len() as u64;
        let from = range.start.clamp(at, end) - at;
        let to = range.end.clamp(at, end) - at;
        kept.extend_from_slice(&chunk[from as usize..to as usize]);
        at = end;
        if at >= range.end {
            break;
        }
    }
    Ok(kept.into())
}

fn object(place: &Place, size: u64, headers: &HeaderMap) -> Object {
    // Without a tag the time of the last change pins nothing, but tells.
    let modified = text(headers, LAST_MODIFIED)
        .and_then(|text| jiff::fmt::rfc2822::parse(&text).ok())
        .map(|zoned| Timestamp::from(&zoned));
    Object { place: place.clone(), size, etag: text(headers, ETAG), modified }
}

fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn number(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<u64> {
    text(headers, name)?.parse().ok()
}
