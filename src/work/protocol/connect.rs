//! The beginning: the server is waited for, and asked about the model.

use std::sync::atomic::{AtomicBool, AtomicU32};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::address::Address;
use super::answered::{Answered, Token, Unanswered};
use super::client::{ATTEMPTS, Client};
use super::connection::Connection;
use super::dialect::{Asked, Dialect};
use super::grpc::{self, Channel};
use super::pause::pause;
use super::predictor::PredictError;
use super::reason::reason;
use super::rest::{Http, Instances, Metadata, OpenAi, V2, takes_binary};
use super::transport::Transport;
use super::window::Window;
use crate::plan::{Protocol, ServerPlan};

/// What a client needs beside the plan.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// A request has failed after this time.
    pub timeout: Duration,
    /// Most batches on their way; `None`: found out.
    pub max_in_flight: Option<u32>,
    /// What the requests carry to be let in.
    pub token: Token,
}

/// A protocol with what the server says of the model, and the version that it has.
type Known = (Box<dyn Dialect>, Option<String>);

impl Client {
    /// Waits until the server can be asked, and asks it about the model. An error says what to do.
    pub async fn connect(
        plan: &ServerPlan,
        base: &str,
        connection: Connection,
        options: ClientOptions,
    ) -> Result<Self, PredictError> {
        let base = base.trim_end_matches('/');
        let (token, timeout) = (&options.token, options.timeout);
        let name = format!("the model's name `{}`, its version", plan.model_name);
        let (transport, (dialect, version), place, look_at) = match plan.protocol {
            Protocol::TensorflowGrpc | Protocol::V2Grpc => {
                let channel = Channel::new(base, token, timeout).map_err(failed)?;
                connection.ready().await?;
                let known = over_grpc(plan, base, &channel).await?;
                let method = match plan.protocol {
                    Protocol::TensorflowGrpc => grpc::TensorFlow::PREDICT,
                    _ => grpc::V2::INFER,
                };
                let place = format!("{base}{method}");
                (Transport::Grpc(channel), known, place, format!("{name} and its server"))
            }
            _ => {
                let http = Http::new(base, token, timeout).map_err(failed)?;
                connection.ready().await?;
                let address = Address::new(base, plan);
                let place = address.predict();
                let known = over_http(plan, address, &http).await?;
                (Transport::Http(http), known, place, format!("{name} and model.routes.predict"))
            }
        };
        // A model hides behind a wrong name only where nobody was asked about it.
        let told =
            matches!(plan.protocol, Protocol::V2Rest | Protocol::V2Grpc | Protocol::TensorflowGrpc);
        Ok(Self {
            transport,
            dialect,
            window: Window::new(options.max_in_flight),
            connection,
            base: base.to_owned(),
            place,
            look_at,
            is_there: AtomicBool::new(told || version.is_some()),
            version: version.map(Into::into),
            apart: AtomicBool::new(false),
            refused: AtomicU32::new(0),
        })
    }
}

async fn over_http(
    plan: &ServerPlan,
    address: Address,
    http: &Http,
) -> Result<Known, PredictError> {
    Ok(match plan.protocol {
        Protocol::V2Rest => {
            let url = address.model();
            let told = told(&url, || http.get(&url)).await?;
            let mut metadata: Metadata = serde_json::from_slice(&told).map_err(|error| {
                failed(format!("{url} doesn't answer with a model's metadata: {error}"))
            })?;
            if let Ok(server) = http.get(&address.at("v2")).await {
                metadata.binary = server.status.is_success() && takes_binary(&server.body);
            }
            let version = metadata.versions.last().cloned();
            (Box::new(V2::new(&address, metadata, plan.parameters.clone())), version)
        }
        Protocol::Openai => {
            let route = plan.predict_route.as_deref();
            (Box::new(OpenAi::new(address, &plan.model_name, route)), None)
        }
        Protocol::TensorflowRest => {
            let version = available(http, &address).await;
            (Box::new(Instances::new(plan, &address)), version)
        }
        _ => (Box::new(Instances::new(plan, &address)), None),
    })
}

async fn over_grpc(
    plan: &ServerPlan,
    base: &str,
    channel: &Channel,
) -> Result<Known, PredictError> {
    let is_tensorflow = plan.protocol == Protocol::TensorflowGrpc;
    let question = if is_tensorflow {
        grpc::TensorFlow::question(plan).map_err(failed)?
    } else {
        grpc::V2::question(plan)
    };
    let Asked { url: method, body, .. } = question;
    let place = format!("{base}{method}");
    let told = told(&place, || channel.post(&method, body.clone())).await?;
    let wrong = |reason: String| failed(format!("{base}: {reason}"));
    Ok(if is_tensorflow {
        let (dialect, version) = grpc::TensorFlow::new(plan, told).map_err(wrong)?;
        (Box::new(dialect), version)
    } else {
        let (dialect, version) = grpc::V2::new(plan, told).map_err(wrong)?;
        (Box::new(dialect), version)
    })
}

fn failed(reason: String) -> PredictError {
    PredictError { reason }
}

/// What the server says of the model, once it says it.
async fn told<F>(place: &str, ask: impl Fn() -> F) -> Result<Bytes, PredictError>
where
    F: Future<Output = Result<Answered, Unanswered>>,
{
    let mut attempt = 0;
    loop {
        attempt += 1;
        let why = match ask().await {
            Ok(answered) if answered.status.is_success() => return Ok(answered.body),
            Ok(answered) => {
                let why = format!("answers {}: {}", answered.status, reason(&answered.body));
                match answered.status.as_u16() {
                    401 | 403 => {
                        let help = "put a valid token into MLCTL_ENDPOINT_TOKEN";
                        return Err(failed(format!("{place} {why}; {help}")));
                    }
                    404 => return Err(failed(format!("{place} {why}"))),
                    _ => {}
                }
                why
            }
            Err(error) => error.to_string(),
        };
        if attempt > ATTEMPTS {
            return Err(failed(format!("{place}: {why}")));
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
