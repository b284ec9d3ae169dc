//! One gRPC client for all requests of a worker.

use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tonic::Request;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

use super::codec::Raw;
use super::status::refusal;
use crate::work::protocol::answered::{ANSWER_LIMIT, Answered, Token, Unanswered};
use crate::work::protocol::caller::CallOptions;
use crate::work::protocol::connector::{Version, connector};
use crate::work::protocol::trust::Trust;

/// Room for the words of a refusal, which travel in a header: servers in Python send whole tracebacks.
const HEADERS_LIMIT: u32 = 1 << 20;
/// A server is told of a deadline so much later than the client's own, which so always comes first: it
/// is known then who gave up.
const GRACE: Duration = Duration::from_secs(1);

/// Calls methods of one server, over a connection that is kept.
#[derive(Clone)]
pub(in crate::work) struct Channel {
    grpc: Grpc<Client<HttpsConnector<HttpConnector>, Body>>,
    authorization: Option<MetadataValue<Ascii>>,
    metadata: MetadataMap,
    timeout: Duration,
}

impl Channel {
    /// A client of the server at `base` (`grpc://`, `grpcs://`, or the same with `http`), whose requests
    /// carry the token and have failed after `timeout`.
    pub(in crate::work) fn new(
        base: &str,
        token: &Token,
        timeout: Duration,
    ) -> Result<Self, String> {
        Self::to(base, token, timeout, None)
    }

    /// The same for one call after the other of a person.
    pub(in crate::work::protocol) fn of(base: &str, options: &CallOptions) -> Result<Self, String> {
        let channel = Self::to(base, &options.token, options.timeout, options.trust.as_ref())?;
        Ok(channel.with(&options.headers))
    }

    fn to(
        base: &str,
        token: &Token,
        timeout: Duration,
        trust: Option<&Trust>,
    ) -> Result<Self, String> {
        let base = base.trim_end_matches('/');
        let base = base.strip_prefix("grpc").map_or(base.to_owned(), |rest| format!("http{rest}"));
        let origin: Uri = base.parse().map_err(|error| format!("{base}: {error}"))?;
        let client = Client::builder(TokioExecutor::new())
            .http2_only(true)
            .http2_adaptive_window(true)
            .http2_max_header_list_size(HEADERS_LIMIT)
            .build(connector(&base, Version::Two, trust)?);
        let authorization = match &token.0 {
            None => None,
            Some(token) => {
                let mut value: MetadataValue<Ascii> = format!("Bearer {token}")
                    .parse()
                    .map_err(|_| "the token has characters that no header may have".to_owned())?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        let grpc = Grpc::with_origin(client, origin).max_decoding_message_size(ANSWER_LIMIT);
        Ok(Self { grpc, authorization, metadata: MetadataMap::new(), timeout })
    }

    /// The same client, whose requests carry these headers as metadata.
    #[must_use]
    pub(in crate::work) fn with(mut self, headers: &HeaderMap) -> Self {
        self.metadata = MetadataMap::from_headers(headers.clone());
        self
    }

    /// Calls a method, such as `/inference.GRPCInferenceService/ModelInfer`, with an encoded message. A
    /// status other than OK is answered as its HTTP equivalent, with the server's words.
    pub(in crate::work) async fn post(
        &self,
        method: &str,
        message: Bytes,
    ) -> Result<Answered, Unanswered> {
        let method = PathAndQuery::try_from(method);
        let method = method.map_err(|error| Unanswered::Broken(error.to_string()))?;
        let mut request = Request::new(message);
        *request.metadata_mut() = self.metadata.clone();
        request.set_timeout(self.timeout.saturating_add(GRACE));
        if let Some(value) = &self.authorization
            && !self.metadata.contains_key("authorization")
        {
            request.metadata_mut().insert("authorization", value.clone());
        }
        let mut grpc = self.grpc.clone();
        let exchange = async {
            // This client is always ready: it connects when it is called.
            if let Err(error) = grpc.ready().await {
                return Err(Unanswered::Connect(error.to_string()));
            }
            match grpc.unary(request, method, Raw).await {
                Ok(response) => {
                    let (metadata, body, _) = response.into_parts();
                    Ok(Answered {
                        status: StatusCode::OK,
                        retry_after: None,
                        json_length: None,
                        headers: metadata.into_headers(),
                        body,
                    })
                }
                Err(status) => refusal(status),
            }
        };
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or(Err(Unanswered::Timeout))
    }
}
