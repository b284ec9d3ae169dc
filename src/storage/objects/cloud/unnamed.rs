//! Keys in a listing that a path can't name, taken out before the client sees them: it refuses a whole
//! page for one of them.

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use http_body_util::{BodyExt, Full};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService, ReqwestConnector,
};
use object_store::path::Path;

/// The keys that were taken out of a page, in the extensions of its answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Unnamed(pub(super) Vec<String>);

/// Connects as the client does by itself, with a look at listings.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Service(ReqwestConnector::default().connect(options)?)))
    }
}

#[derive(Debug)]
struct Service(HttpClient);

#[async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let query = request.uri().query().unwrap_or_default();
        let is_listing = request.method() == Method::GET
            && query.split('&').any(|pair| matches!(pair, "list-type=2" | "comp=list"));
        let answer = self.0.execute(request).await?;
        if !is_listing || !answer.status().is_success() {
            return Ok(answer);
        }
        let (mut parts, body) = answer.into_parts();
        let body = body.collect().await?.to_bytes();
        let text = std::str::from_utf8(&body)
            .map_err(|error| HttpError::new(HttpErrorKind::Decode, error))?;
        let (kept, unnamed) = sifted(text);
        let body = if kept.len() == text.len() { body } else { Bytes::from(kept) };
        parts.headers.remove(http::header::CONTENT_LENGTH);
        parts.extensions.insert(Unnamed(unnamed));
        let body = Full::new(body).map_err(|never| match never {});
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)))
    }
}

/// The elements of a listing that hold a key, with the element in them that is the key.
const ENTRIES: [(&str, &str); 4] =
    [("Contents", "Key"), ("Blob", "Name"), ("CommonPrefixes", "Prefix"), ("BlobPrefix", "Name")];

/// A listing without the entries that can't be named, and their keys. Markers of folders, which are
/// empty objects whose names end with `/`, go without a word. The text is searched and not parsed: in
/// well-formed XML no text has a `<` in it.
fn sifted(text: &str) -> (String, Vec<String>) {
    let mut kept = String::with_capacity(text.len());
    let mut unnamed = Vec::new();
    let mut rest = text;
    while let Some((at, tag, name)) = next_entry(rest) {
        let close = format!("</{tag}>");
        let Some(length) = rest[at..].find(&close).map(|end| end + close.len()) else { break };
        let entry = &rest[at..at + length];
        kept.push_str(&rest[..at]);
        rest = &rest[at + length..];
        let key = element(entry, name).map(unescaped).unwrap_or_default();
        let is_folder = tag.contains("Prefix");
        let named = if is_folder { key.strip_suffix('/').unwrap_or(&key) } else { &key };
        if Path::parse(named).is_ok_and(|path| path.as_ref() == named && !named.is_empty()) {
            kept.push_str(entry);
            continue;
        }
        let is_empty = ["Size", "Content-Length"].iter().any(|n| element(entry, n) == Some("0"));
        if is_folder || !(key.ends_with('/') && is_empty) {
            unnamed.push(key);
        }
    }
    kept.push_str(rest);
    (kept, unnamed)
}

/// Where the next entry begins, and what it is called.
fn next_entry(text: &str) -> Option<(usize, &'static str, &'static str)> {
    let mut from = 0;
    while let Some(at) = text[from..].find('<').map(|at| from + at) {
        let inside = &text[at + 1..];
        let tag = &inside[..inside.find(['>', ' ', '/']).unwrap_or(inside.len())];
        if let Some((tag, name)) = ENTRIES.iter().find(|(entry, _)| *entry == tag) {
            return Some((at, tag, name));
        }
        from = at + 1;
    }
    None
}

/// The text of the first element of that name.
fn element<'a>(entry: &'a str, name: &str) -> Option<&'a str> {
    let at = entry.find(&format!("<{name}>"))? + name.len() + 2;
    let end = entry[at..].find("</")?;
    Some(&entry[at..at + end])
}

/// A text without the escapes of XML.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find(';') else { break };
        let escape = &rest[1..end];
        let number = escape.strip_prefix('#').and_then(|number| match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        });
        match (escape, number.and_then(char::from_u32)) {
            (_, Some(c)) => plain.push(c),
            ("lt", _) => plain.push('<'),
            ("gt", _) => plain.push('>'),
            ("quot", _) => plain.push('"'),
            ("apos", _) => plain.push('\''),
            ("amp", _) => plain.push('&'),
            _ => plain.push_str(&rest[..=end]),
        }
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_named_is_taken_out_and_told() {
        let entry = |key: &str, size: u32| {
            format!("<Contents><Key>{key}</Key><Size>{size}</Size></Contents>")
        };
        let text = [
            "<?xml version=\"1.0\"?><ListBucketResult><Prefix>a//</Prefix>".to_owned(),
            entry("a/b &amp; c", 1),
            entry("a//b", 1),
            entry("a/../b", 1),
            entry("a/folder/", 0),
            entry("a/odd/", 7),
            entry("a/tab&#x9;", 1),
            "<CommonPrefixes><Prefix>a/x/</Prefix></CommonPrefixes>".to_owned(),
            "<CommonPrefixes><Prefix>a//</Prefix></CommonPrefixes>".to_owned(),
            "</ListBucketResult>".to_owned(),
        ];
        let (kept, unnamed) = sifted(&text.concat());
        assert_eq!(kept, [&text[0][..], &text[1], &text[7], &text[9]].concat());
        assert_eq!(unnamed, ["a//b", "a/../b", "a/odd/", "a/tab\t", "a//"]);
        let azure = "<Blobs><Blob><Name>x//y</Name></Blob><Blob><Name>z</Name></Blob></Blobs>";
        let (kept, unnamed) = sifted(azure);
        assert_eq!(kept, "<Blobs><Blob><Name>z</Name></Blob></Blobs>");
        assert_eq!(unnamed, ["x//y"]);
    }
}
