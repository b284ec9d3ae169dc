//! One HTTP client for all requests of a worker.

use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::work::protocol::answered::{ANSWER_LIMIT, Answered, Token, Unanswered, chain};
use crate::work::protocol::caller::CallOptions;
use crate::work::protocol::connector::{Version, connector};
use crate::work::protocol::trust::Trust;

/// Sends requests to one server, over connections that are kept.
#[derive(Clone)]
pub(in crate::work) struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    headers: HeaderMap,
    timeout: Duration,
}

impl Http {
    /// A client of the server at `base`, whose requests carry the token and have failed after `timeout`.
    pub(in crate::work) fn new(
        base: &str,
        token: &Token,
        timeout: Duration,
    ) -> Result<Self, String> {
        Self::to(base, token, timeout, None)
    }

    /// The same for one request after the other of a person.
    pub(in crate::work::protocol) fn of(base: &str, options: &CallOptions) -> Result<Self, String> {
        let http = Self::to(base, &options.token, options.timeout, options.trust.as_ref())?;
        Ok(http.with(&options.headers))
    }

    fn to(
        base: &str,
        token: &Token,
        timeout: Duration,
        trust: Option<&Trust>,
    ) -> Result<Self, String> {
        let connector = connector(base, Version::One, trust)?;
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

    /// The same client, whose requests carry these headers too. One of a name that they have already
    /// takes its place.
    #[must_use]
    pub(in crate::work) fn with(mut self, headers: &HeaderMap) -> Self {
        self.headers.extend(headers.clone());
        self
    }

    /// Asks for what is at a URL.
    pub(in crate::work) async fn get(&self, url: &str) -> Result<Answered, Unanswered> {
        self.send(Method::GET, url, Bytes::new(), None).await
    }

    /// Posts a body to a URL. `json_length` is given where binary data follow the JSON (the Open
    /// Inference Protocol's binary extension).
    pub(in crate::work::protocol) async fn post(
        &self,
        url: &str,
        body: Bytes,
        json_length: Option<usize>,
    ) -> Result<Answered, Unanswered> {
        self.send(Method::POST, url, body, json_length).await
    }

    /// Posts a body, and gives the answer once its head is there.
    pub(in crate::work::protocol) async fn open(
        &self,
        url: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, Unanswered> {
        let request = self.request(Method::POST, url, body)?;
        let exchange = async { self.client.request(request).await.map_err(|error| failed(&error)) };
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or(Err(Unanswered::Timeout))
    }

    fn request(
        &self,
        method: Method,
        url: &str,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, Unanswered> {
        let request = Request::builder().method(method).uri(url).body(Full::new(body));
        let mut request = request.map_err(|error| Unanswered::Broken(error.to_string()))?;
        *request.headers_mut() = self.headers.clone();
        Ok(request)
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        body: Bytes,
        json_length: Option<usize>,
    ) -> Result<Answered, Unanswered> {
        let broken = |error: &dyn fmt::Display| Unanswered::Broken(error.to_string());
        let mut request = self.request(method, url, body)?;
        if let Some(length) = json_length {
            request.headers_mut().insert(inference_header(), HeaderValue::from(length));
        }
        let exchange = async {
            let response = self.client.request(request).await;
            let response = response.map_err(|error| failed(&error))?;
            let (parts, body) = response.into_parts();
            let header = |name: &HeaderName| parts.headers.get(name)?.to_str().ok();
            let retry_after = header(&RETRY_AFTER).map(str::to_owned);
            let json_length = header(&inference_header()).and_then(|text| text.parse().ok());
            let mut body = Limited::new(body, ANSWER_LIMIT);
            // Most answers come in one piece, which is taken as it is.
            let (mut first, mut whole) = (Bytes::new(), BytesMut::new());
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(|error| match error.downcast_ref::<hyper::Error>() {
                    Some(error) => Unanswered::Cut(chain(error)),
                    None => broken(&format!("its answer has more than {ANSWER_LIMIT} bytes")),
                })?;
                match frame.into_data() {
                    Ok(data) if first.is_empty() => first = data,
                    Ok(data) => {
                        if whole.is_empty() {
                            whole.extend_from_slice(&first);
                        }
                        whole.extend_from_slice(&data);
                    }
                    Err(_) => {}
                }
            }
            let body = if whole.is_empty() { first } else { whole.freeze() };
            Ok(Answered {
                status: parts.status,
                retry_after,
                json_length,
                headers: parts.headers,
                body,
            })
        };
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or(Err(Unanswered::Timeout))
    }
}

/// Why a request has no answer.
fn failed(error: &hyper_util::client::legacy::Error) -> Unanswered {
    let text = chain(error);
    if error.is_connect() { Unanswered::Connect(text) } else { Unanswered::Cut(text) }
}

/// The header that says where the JSON ends and binary data begin.
fn inference_header() -> HeaderName {
    HeaderName::from_static("inference-header-content-length")
}
