//! One request whose body somebody else has written.

use std::time::Duration;

use bytes::Bytes;

use super::address::Address;
use super::answered::Token;
use super::rest::{Http, openai_ask};
use crate::plan::{Protocol, ServerPlan};

/// Posts bodies as they are to the route for predictions of one server, over HTTP and JSON.
pub(in crate::work) struct Plain {
    http: Http,
    address: Address,
    plan: ServerPlan,
}

impl Plain {
    /// Asks the server at `base`, such as `http://127.0.0.1:8501`. A server that is asked over gRPC
    /// otherwise is asked by the same model's REST API here.
    pub(in crate::work) fn new(
        base: &str,
        plan: &ServerPlan,
        timeout: Duration,
    ) -> Result<Self, String> {
        let protocol = match plan.protocol {
            Protocol::TensorflowGrpc => Protocol::TensorflowRest,
            Protocol::V2Grpc => Protocol::V2Rest,
            rest => rest,
        };
        let plan = ServerPlan { protocol, ..plan.clone() };
        let http = Http::new(base, &Token::default(), timeout)?;
        Ok(Self { http, address: Address::new(base, &plan), plan })
    }

    /// Posts one body. The error says what the server answers, or why it doesn't.
    pub(in crate::work) async fn post(&self, body: &[u8]) -> Result<(), String> {
        let (url, body) = match self.plan.protocol {
            Protocol::Openai => {
                let route = self.plan.predict_route.as_deref();
                let (route, body) = openai_ask(body, &self.plan.model_name, route)?;
                (self.address.at(&route), body)
            }
            _ => (self.address.predict(), Bytes::copy_from_slice(body)),
        };
        let answered = self.http.post(&url, body, None).await.map_err(|error| error.to_string())?;
        let status = answered.status;
        if status.is_success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&answered.body);
        let text: String = text.trim().chars().take(300).collect();
        Err(format!("{url} answers {status}: {text}"))
    }
}
