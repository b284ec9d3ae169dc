//! Asking a server of this machine how it is.

use std::time::Duration;

use bytes::Bytes;

use crate::work::protocol::{Http, Token};

/// A client for small questions.
#[derive(Clone)]
pub(super) struct Probe(Http);

impl Probe {
    /// An answer about health comes within this time, or the server is not ready.
    pub(super) const LIMIT: Duration = Duration::from_secs(5);

    /// A client of the server at `base`.
    pub(super) fn new(base: &str) -> Result<Self, String> {
        Http::new(base, &Token::default(), Self::LIMIT).map(Self)
    }

    /// The status and the body of what is at a URL; else why there is none.
    pub(super) async fn get(&self, url: &str) -> Result<(u16, Bytes), String> {
        let answered = self.0.get(url).await.map_err(|error| error.to_string())?;
        Ok((answered.status.as_u16(), answered.body))
    }
}
