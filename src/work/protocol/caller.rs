//! A server that is asked without a batch's patience: once, and its answer is told as it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;

use super::address::Address;
use super::answered::{Answered, Token};
use super::call_error::CallError;
use super::dialect::{Asked, Dialect};
use super::grpc::{self, Channel};
use super::known::{over_grpc, over_http};
use super::rest::{Http, Signatures, body_found, openai_ask};
use super::tensors::TensorInfo;
use super::transport::Transport;
use super::trust::Trust;
use crate::plan::{Protocol, ServerPlan};

/// The header by which a caller chooses a revision of an endpoint, and by which the answer says which one
/// it is of.
pub const REVISION_HEADER: &str = "x-mlctl-revision";

/// How one server is asked.
#[derive(Clone, Debug)]
pub struct CallOptions {
    /// A request has failed after this time.
    pub timeout: Duration,
    /// What the requests carry to be let in.
    pub token: Token,
    /// What else they carry.
    pub headers: HeaderMap,
    /// Which certificates are trusted, instead of the system's.
    pub trust: Option<Trust>,
}

/// Asks one server for predictions.
pub struct Caller {
    pub(super) transport: Transport,
    dialect: Box<dyn Dialect>,
    address: Address,
    plan: ServerPlan,
    /// Where it is asked for predictions, as that is named to people.
    place: String,
    /// The version of answers that name none.
    version: Option<String>,
    pub(super) timeout: Duration,
    /// The model's outputs are not rows.
    apart: AtomicBool,
}

/// A request that can be sent, as often as one likes.
#[derive(Debug)]
pub struct Prepared {
    pub(super) asked: Asked,
    /// Rows in it; `None` for a body that somebody else has written.
    rows: Option<usize>,
    apart: bool,
}

/// What a server answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Predictions as JSON text, exactly as the server wrote them: of each row, or of a body's own.
    pub predictions: Vec<Bytes>,
    /// The version of the model, where it is known.
    pub version: Option<String>,
    /// The revision of the endpoint, where the answer names it.
    pub revision: Option<String>,
    /// From the request's first byte to the answer's last.
    pub latency: Duration,
}

/// A request has failed, and what is known of the failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// Why.
    pub error: CallError,
    /// The revision that refuses, where the answer names it.
    pub revision: Option<String>,
}

impl Caller {
    /// Gets ready to ask the server at `base`, and asks it about the model where its protocol needs that.
    pub async fn connect(
        plan: &ServerPlan,
        base: &str,
        options: &CallOptions,
    ) -> Result<Self, CallError> {
        let base = base.trim_end_matches('/');
        let timeout = options.timeout;
        let unknown = |error| CallError::unknown(error, timeout);
        let address = Address::new(base, plan);
        let (transport, known, place) = match plan.protocol {
            Protocol::TensorflowGrpc | Protocol::V2Grpc => {
                let channel = Channel::of(base, options).map_err(CallError::Wrong)?;
                let known = over_grpc(plan, base, &channel, 0).await.map_err(unknown)?;
                let method = match plan.protocol {
                    Protocol::TensorflowGrpc => grpc::TensorFlow::PREDICT,
                    _ => grpc::V2::INFER,
                };
                (Transport::Grpc(channel), known, format!("{base}{method}"))
            }
            _ => {
                let http = Http::of(base, options).map_err(CallError::Wrong)?;
                let known = over_http(plan, address.clone(), &http, 0).await.map_err(unknown)?;
                // A server may close a connection after its answer without a word. Who sends a request over
                // it just then can't know whether it was read, and a prediction is not asked for twice: it
                // goes over a connection of its own.
                let http = Http::of(base, options).map_err(CallError::Wrong)?;
                (Transport::Http(http), known, address.predict())
            }
        };
        Ok(Self {
            transport,
            dialect: known.dialect,
            address,
            plan: plan.clone(),
            place,
            version: known.version,
            timeout,
            apart: AtomicBool::new(false),
        })
    }

    /// Where predictions are asked for.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Each row must be a request of its own.
    pub fn is_by_row(&self) -> bool {
        self.dialect.by_row() || self.apart.load(Ordering::Relaxed)
    }

    /// A request for these rows, JSON text each. The error is the fault of one of them.
    pub fn prepare(&self, rows: &[&[u8]]) -> Result<Prepared, CallError> {
        let apart = self.apart.load(Ordering::Relaxed);
        let asked = self.dialect.ask(rows, apart).map_err(CallError::Row)?;
        Ok(Prepared { asked, rows: Some(rows.len()), apart })
    }

    /// A request with a body of the protocol's own, which is sent as it is. Messages of gRPC have none.
    pub fn prepare_body(&self, body: Bytes) -> Result<Prepared, CallError> {
        let url = match (&self.transport, self.plan.protocol) {
            (Transport::Grpc(_), _) => {
                let reason = "a body goes over HTTP: over gRPC rows are sent";
                return Err(CallError::Wrong(reason.to_owned()));
            }
            (_, Protocol::Openai) => {
                let route = self.plan.predict_route.as_deref();
                let ask = openai_ask(&body, &self.plan.model_name, route);
                self.address.at(&ask.map_err(CallError::Row)?.0)
            }
            _ => self.place.clone(),
        };
        Ok(Prepared { asked: Asked { body, ..Asked::at(&url) }, rows: None, apart: false })
    }

    /// Sends a request once.
    pub async fn call(&self, prepared: &Prepared) -> Result<Reply, Failed> {
        let begin = Instant::now();
        let answered = self.transport.send(&prepared.asked).await;
        let latency = begin.elapsed();
        let place = self.place_of(prepared);
        let answered = answered.map_err(|error| Failed {
            error: CallError::unanswered(place, error, self.timeout),
            revision: None,
        })?;
        let revision = revision(&answered.headers);
        if !answered.status.is_success() {
            let error = CallError::refused(place, &answered);
            return Err(Failed { error, revision });
        }
        match self.found(prepared, &answered) {
            Ok((predictions, version)) => {
                let version = version.or_else(|| self.version.clone());
                Ok(Reply { predictions, version, revision, latency })
            }
            Err(reason) => {
                let error = CallError::Garbage { place: place.to_owned(), reason };
                Err(Failed { error, revision })
            }
        }
    }

    /// Sends rows once, together where the model takes that. A model whose outputs are not rows is asked
    /// again in the form that it needs.
    pub async fn ask(&self, rows: &[&[u8]]) -> Result<Reply, Failed> {
        let failed = |error| Failed { error, revision: None };
        if rows.len() > 1 && self.is_by_row() {
            return self.each(rows).await;
        }
        let prepared = self.prepare(rows).map_err(failed)?;
        match self.call(&prepared).await {
            Err(Failed { error: CallError::Refused { code, words, .. }, .. })
                if !prepared.apart && self.dialect.must_part(code, &words) =>
            {
                self.apart.store(true, Ordering::Relaxed);
                self.each(rows).await
            }
            Err(Failed { error, revision }) => {
                Err(Failed { error: self.explained(error).await, revision })
            }
            reply => reply,
        }
    }

    async fn each(&self, rows: &[&[u8]]) -> Result<Reply, Failed> {
        let mut whole: Option<Reply> = None;
        for row in rows {
            let prepared = self.prepare(&[*row]);
            let prepared = prepared.map_err(|error| Failed { error, revision: None })?;
            let reply = self.call(&prepared).await?;
            match &mut whole {
                None => whole = Some(reply),
                Some(whole) => {
                    whole.predictions.extend(reply.predictions);
                    whole.latency += reply.latency;
                }
            }
        }
        whole.ok_or_else(|| Failed {
            error: CallError::Row("there is no row".to_owned()),
            revision: None,
        })
    }

    /// The error with what the model's metadata say about it, where they are there.
    pub async fn explained(&self, error: CallError) -> CallError {
        let (Some(signature), CallError::Refused { code: 400 | 404, .. }) =
            (&self.plan.signature, &error)
        else {
            return error;
        };
        match self.signatures().await {
            Some(all) if !all.names().contains(signature) => {
                CallError::NoSignature { signature: signature.clone(), known: all.names() }
            }
            _ => error,
        }
    }

    /// The model's inputs, where its server tells them.
    pub(in crate::work) async fn inputs(&self) -> Vec<TensorInfo> {
        let own = self.dialect.inputs();
        if !own.is_empty() {
            return own.to_vec();
        }
        let all = self.signatures().await;
        all.and_then(|all| all.inputs(self.plan.signature.as_deref())).unwrap_or_default()
    }

    /// What TF Serving says of the model's signatures over HTTP.
    async fn signatures(&self) -> Option<Signatures> {
        let Transport::Http(http) = &self.transport else { return None };
        if self.plan.protocol != Protocol::TensorflowRest {
            return None;
        }
        let answered = http.get(&format!("{}/metadata", self.address.model())).await.ok()?;
        answered.status.is_success().then(|| Signatures::read(&answered.body)).flatten()
    }

    fn found(
        &self,
        prepared: &Prepared,
        answered: &Answered,
    ) -> Result<(Vec<Bytes>, Option<String>), String> {
        match prepared.rows {
            Some(count) => {
                let found = self.dialect.found(&prepared.asked, answered, count, prepared.apart)?;
                Ok((found.rows, found.version))
            }
            None => Ok((body_found(&answered.body)?, None)),
        }
    }

    /// What is asked, as it is named to people.
    pub(super) fn place_of<'a>(&'a self, prepared: &'a Prepared) -> &'a str {
        match self.transport {
            Transport::Http(_) => &prepared.asked.url,
            Transport::Grpc(_) => &self.place,
        }
    }
}

/// Which revision an answer names.
pub(super) fn revision(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(REVISION_HEADER)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}
