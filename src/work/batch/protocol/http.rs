//! One HTTP client for all requests of a worker.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

/// The longest answer that is taken in, in bytes: more than the largest batch of embeddings has, and
/// less than would endanger a machine.
const ANSWER_LIMIT: usize = 512 << 20;

/// A secret that requests carry; no text shows it.
#[derive(Clone, Default)]
pub struct Token(pub Option<String>);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Token(***)" } else { "Token(none)" })
    }
}

/// Sends requests to one server, over connections that are kept.
#[derive(Clone)]
pub(in crate::work::batch) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    headers: HeaderMap,
    timeout: Duration,
}

/// What a server answered.
pub(in crate::work::batch) struct Answered {
    /// Its status.
    pub(in crate::work::batch) status: StatusCode,
    /// How long it asks to wait before the next request: `Retry-After`.
    pub(super) retry_after: Option<String>,
    /// Bytes of JSON at the start of the body, where the rest is binary.
    pub(super) json_length: Option<usize>,
    /// The whole body.
    pub(in crate::work::batch) body: Bytes,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::work::batch) enum Unanswered {
    /// The time for one request is over.
    #[error("no answer came in time")]
    Timeout,
    /// No connection could be made.
    #[error("{0}")]
    Connect(String),
    /// The connection broke while the answer was waited for.
    #[error("{0}")]
    Cut(String),
    /// The answer, or what was asked, can't be dealt with, and would not be another time.
    #[error("{0}")]
    Broken(String),
}

impl Http {
    /// A client of the server at `base`, whose requests carry the token and have failed after `timeout`.
    pub(in crate::work::batch) fn new(
        base: &str,
        token: &Token,
        timeout: Duration,
    ) -> Result<Self, String> {
        let mut connections = HttpConnector::new();
        connections.enforce_http(false);
        // Else the end of a request waits until its begin has been acknowledged.
        connections.set_nodelay(true);
        let connector = if base.starts_with("https://") {
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            let tls = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
            let tls = tls.map_err(|error| {
                format!("the system's certificates, which {base} needs, can't be read: {error}")
            })?;
            tls.https_only().enable_http1().wrap_connector(connections)
        } else {
            // The image of a model server may have no certificates, and a server beside needs none.
            HttpsConnectorBuilder::new()
                .with_tls_config(without_roots()?)
                .https_or_http()
                .enable_http1()
                .wrap_connector(connections)
        };
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(token) = &token.0 {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| "the token has characters that no header may have".to_owned())?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(Self { client, headers, timeout })
    }

    /// Asks for what is at a URL.
    pub(in crate::work::batch) async fn get(&self, url: &str) -> Result<Answered, Unanswered> {
        self.send(Method::GET, url, Bytes::new(), None).await
    }

    /// Posts a body to a URL. `json_length` is given where binary data follow the JSON (the Open
    /// Inference Protocol's binary extension).
    pub(super) async fn post(
        &self,
        url: &str,
        body: Bytes,
        json_length: Option<usize>,
    ) -> Result<Answered, Unanswered> {
        self.send(Method::POST, url, body, json_length).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        body: Bytes,
        json_length: Option<usize>,
    ) -> Result<Answered, Unanswered> {
        let broken = |error: &dyn fmt::Display| Unanswered::Broken(error.to_string());
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .body(Full::new(body))
            .map_err(|error| broken(&error))?;
        *request.headers_mut() = self.headers.clone();
        if let Some(length) = json_length {
            request.headers_mut().insert(inference_header(), HeaderValue::from(length));
        }
        let exchange = async {
            let response = self.client.request(request).await;
            let response = response.map_err(|error| {
                let text = chain(&error);
                if error.is_connect() { Unanswered::Connect(text) } else { Unanswered::Cut(text) }
            })?;
            let (parts, body) = response.into_parts();
            let header = |name: &HeaderName| parts.headers.get(name)?.to_str().ok();
            let retry_after = header(&RETRY_AFTER).map(str::to_owned);
            let json_length = header(&inference_header()).and_then(|text| text.parse().ok());
            let mut body = Limited::new(body, ANSWER_LIMIT);
            let mut whole = BytesMut::new();
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| match error.downcast_ref::<hyper::Error>() {
                    Some(error) => Unanswered::Cut(chain(error)),
                    None => broken(&format!("its answer has more than {ANSWER_LIMIT} bytes")),
                })?;
                if let Ok(data) = frame.into_data() {
                    whole.extend_from_slice(&data);
                }
            }
            Ok(Answered { status: parts.status, retry_after, json_length, body: whole.freeze() })
        };
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or(Err(Unanswered::Timeout))
    }
}

/// TLS that trusts nobody, for servers that are spoken to without it.
fn without_roots() -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// The header that says where the JSON ends and binary data begin.
fn inference_header() -> HeaderName {
    HeaderName::from_static("inference-header-content-length")
}

/// An error with what caused it: hyper's own says "client error (Connect)" and no more.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
