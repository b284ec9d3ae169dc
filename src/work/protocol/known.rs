//! What is known of a model before it is asked for anything: what its server says of it.

use bytes::Bytes;
use jiff::Timestamp;

use super::address::Address;
use super::answered::{Answered, Unanswered};
use super::dialect::{Asked, Dialect};
use super::grpc::{self, Channel};
use super::pause::pause;
use super::predictor::PredictError;
use super::reason::reason;
use super::rest::{Http, Instances, Metadata, OpenAi, V2, takes_binary};
use crate::plan::{Protocol, ServerPlan};

/// A protocol with what the server says of the model.
pub(super) struct Known {
    /// How it is asked.
    pub(super) dialect: Box<dyn Dialect>,
    /// The version of answers that name none.
    pub(super) version: Option<String>,
}

/// Why nothing is known.
#[derive(Debug)]
pub(super) enum Unknown {
    /// The server refuses to tell.
    Refused {
        /// What was asked.
        place: String,
        /// What it says.
        answered: Box<Answered>,
    },
    /// The server says nothing.
    Unanswered {
        /// What was asked.
        place: String,
        /// Why.
        error: Unanswered,
    },
    /// The model has no such signature.
    NoSignature {
        /// The one that was asked for.
        signature: String,
        /// Those that it has.
        known: Vec<String>,
    },
    /// What it says can't be used, or what is asked can't be asked.
    Wrong(String),
}

impl From<Unknown> for PredictError {
    fn from(error: Unknown) -> Self {
        let reason = match error {
            Unknown::Refused { place, answered } => {
                let told = answered.status.as_u16();
                let mut text =
                    format!("{place} answers {}: {}", answered.status, reason(&answered.body));
                if matches!(told, 401 | 403) {
                    text.push_str("; put a valid token into MLCTL_ENDPOINT_TOKEN");
                }
                text
            }
            Unknown::Unanswered { place, error } => format!("{place}: {error}"),
            Unknown::NoSignature { signature, known } => format!(
                "the model has no signature `{signature}`; name one of its own in model.signature: {}",
                known.join(", ")
            ),
            Unknown::Wrong(reason) => reason,
        };
        Self { reason }
    }
}

/// Asks about a model over HTTP; a server that has no time is asked again, so often.
pub(super) async fn over_http(
    plan: &ServerPlan,
    address: Address,
    http: &Http,
    again: u32,
) -> Result<Known, Unknown> {
    let known = |dialect, version| Known { dialect, version };
    Ok(match plan.protocol {
        Protocol::V2Rest => {
            let url = address.model();
            let told = told(&url, again, || http.get(&url)).await?;
            let mut metadata: Metadata = serde_json::from_slice(&told).map_err(|error| {
                Unknown::Wrong(format!("{url} doesn't answer with a model's metadata: {error}"))
            })?;
            if let Ok(server) = http.get(&address.at("v2")).await {
                metadata.binary = server.status.is_success() && takes_binary(&server.body);
            }
            let version = metadata.versions.last().cloned();
            known(Box::new(V2::new(&address, metadata, plan.parameters.clone())), version)
        }
        Protocol::Openai => {
            let route = plan.predict_route.as_deref();
            known(Box::new(OpenAi::new(address, &plan.model_name, route)), None)
        }
        Protocol::TensorflowRest => {
            let version = available(http, &address).await;
            known(Box::new(Instances::new(plan, &address)), version)
        }
        _ => known(Box::new(Instances::new(plan, &address)), None),
    })
}

/// The same over gRPC.
pub(super) async fn over_grpc(
    plan: &ServerPlan,
    base: &str,
    channel: &Channel,
    again: u32,
) -> Result<Known, Unknown> {
    let is_tensorflow = plan.protocol == Protocol::TensorflowGrpc;
    let question = if is_tensorflow {
        grpc::TensorFlow::question(plan).map_err(Unknown::Wrong)?
    } else {
        grpc::V2::question(plan)
    };
    let Asked { url: method, body, .. } = question;
    let place = format!("{base}{method}");
    let told = told(&place, again, || channel.post(&method, body.clone())).await?;
    let wrong = |error: Unknown| match error {
        Unknown::Wrong(reason) => Unknown::Wrong(format!("{base}: {reason}")),
        other => other,
    };
    Ok(if is_tensorflow {
        let (dialect, version) = grpc::TensorFlow::new(plan, told).map_err(wrong)?;
        Known { dialect: Box::new(dialect), version }
    } else {
        let described = grpc::V2::new(plan, told).map_err(Unknown::Wrong);
        let (dialect, version) = described.map_err(wrong)?;
        Known { dialect: Box::new(dialect), version }
    })
}

/// What the server says of the model, once it says it.
async fn told<F>(place: &str, again: u32, ask: impl Fn() -> F) -> Result<Bytes, Unknown>
where
    F: Future<Output = Result<Answered, Unanswered>>,
{
    let mut attempt = 0;
    loop {
        attempt += 1;
        let place = || place.to_owned();
        let error = match ask().await {
            Ok(answered) if answered.status.is_success() => return Ok(answered.body),
            Ok(answered) => {
                let is_final = matches!(answered.status.as_u16(), 401 | 403 | 404);
                let error = Unknown::Refused { place: place(), answered: Box::new(answered) };
                if is_final {
                    return Err(error);
                }
                error
            }
            Err(error) => Unknown::Unanswered { place: place(), error },
        };
        if attempt > again {
            return Err(error);
        }
        tokio::time::sleep(pause(attempt, None, Timestamp::now())).await;
    }
}

/// The highest version that TF Serving has ready; `None` where the server tells none.
async fn available(http: &Http, address: &Address) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Status {
        model_version_status: Vec<Version>,
    }
    #[derive(serde::Deserialize)]
    struct Version {
        version: String,
        state: String,
    }
    let answered = http.get(&address.model()).await.ok()?;
    let status: Status = serde_json::from_slice(&answered.body).ok()?;
    let ready = status.model_version_status.into_iter().filter(|one| one.state == "AVAILABLE");
    ready.map(|one| one.version).max_by_key(|version| version.parse::<u64>().unwrap_or(0))
}
