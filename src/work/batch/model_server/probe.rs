//! Asking a server of this machine how it is.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// An answer about health comes within this time, or the server is not ready.
const LIMIT: Duration = Duration::from_secs(5);
/// An answer about health is shorter than this.
const LARGEST: usize = 1 << 20;

/// A client for small questions.
#[derive(Clone, Debug)]
pub(super) struct Probe(Client<HttpConnector, Empty<Bytes>>);

impl Probe {
    pub(super) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http())
    }

    /// The status and the body of what is at a URL; else why there is none.
    pub(super) async fn get(&self, url: &str) -> Result<(u16, Bytes), String> {
        let url = url.parse().map_err(|error| format!("{url} is no URL: {error}"))?;
        let asked = async {
            let answer = self.0.get(url).await.map_err(|error| error.to_string())?;
            let status = answer.status().as_u16();
            let body = Limited::new(answer.into_body(), LARGEST).collect().await;
            Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
        };
        let answered = tokio::time::timeout(LIMIT, asked).await;
        answered.unwrap_or_else(|_| Err(format!("no answer within {LIMIT:?}")))
    }
}
