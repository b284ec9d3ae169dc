//! What a server speaks, and which model it has, found out by asking it.

use std::time::Duration;

use super::answered::{Answered, Unanswered};
use super::call_error::CallError;
use super::caller::CallOptions;
use super::place::Given;
use super::probe::{List, is_status, is_v2, read, said};
use super::reason::reason;
use super::rest::Http;
use crate::plan::{Protocol, ServerPlan};

/// What is said of a server beside its URL.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// What it speaks.
    pub protocol: Option<Protocol>,
    /// The model's name in requests.
    pub model: Option<String>,
    /// The signature that is asked.
    pub signature: Option<String>,
    /// It is asked over gRPC, at the port of the URL.
    pub grpc: bool,
    /// A path that belongs to no protocol is where predictions are asked for, and nothing else is asked.
    pub plain: bool,
}

/// A server that can't be asked, since it is not known how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoverError {
    /// The URL is none that can be asked.
    #[error("`{url}` is no URL of a server: {reason}")]
    Url {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The server doesn't answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// It answers to nothing that would tell.
    #[error("{base} answers, and nothing that it says tells which protocol it speaks: {seen}")]
    Unknown {
        /// The server.
        base: String,
        /// What was asked, and what it said.
        seen: String,
    },
    /// It has several models, and none is named.
    #[error("{base} has several models")]
    Several {
        /// The server.
        base: String,
        /// Their names.
        models: Vec<String>,
    },
    /// Its protocol has no way to ask which models it has.
    #[error("{base} speaks {protocol}, which has no list of models, and it has none named `model`")]
    NoModel {
        /// The server.
        base: String,
        /// What it speaks, in words.
        protocol: &'static str,
    },
}

/// The name that servers give to a model of no name: TF Serving's `default` aside, what the servers do that
/// mlctl starts.
const USUAL_MODEL: &str = "model";

/// How the server at `url` is asked, and its base. What is said counts; what isn't is asked for: first
/// `GET /v2` (the Open Inference Protocol), then `GET /v1/models` (OpenAI's and KServe's lists), then
/// TF Serving's status of a model.
pub async fn discover(
    url: &str,
    said: &Said,
    options: &CallOptions,
) -> Result<(ServerPlan, String), DiscoverError> {
    let mut given =
        Given::read(url).map_err(|reason| DiscoverError::Url { url: without_user(url), reason })?;
    if let Some(rest) = given.base.strip_prefix("http").filter(|_| said.grpc) {
        given.base = format!("grpc{rest}");
    }
    let model = said.model.clone().or_else(|| given.model.clone());
    let is_grpc = given.base.starts_with("grpc");
    let protocol = match (said.protocol, is_grpc) {
        (Some(Protocol::V2Rest | Protocol::V2Grpc), true) => Some(Protocol::V2Grpc),
        (_, true) => Some(Protocol::TensorflowGrpc),
        (None, false) if given.protocol.is_none() && said.plain && given.route.is_some() => {
            Some(Protocol::Vertex)
        }
        (protocol, false) => protocol.or(given.protocol),
    };
    let mut found = Found { protocol, model, route: given.route.clone() };
    let http = if found.needs_asking() {
        Some(Http::of(&given.base, options).map_err(CallError::Wrong)?)
    } else {
        None
    };
    if let Some(http) = &http {
        found.ask(http, &given, options.timeout).await?;
    }
    let plan = ServerPlan {
        protocol: found.protocol.unwrap_or(Protocol::Vertex),
        address: Some(given.base.clone()),
        model_name: found.model.unwrap_or_else(|| USUAL_MODEL.to_owned()),
        version: given.version,
        signature: said.signature.clone(),
        predict_route: found.route,
        health_route: None,
        port: None,
        model: None,
        parameters: None,
        start_timeout: Duration::ZERO,
        restarts: 0,
    };
    // A route is the whole path, and a base may have the beginning of it.
    let base = match (&plan.predict_route, plan.protocol) {
        (Some(_), Protocol::Vertex) => origin(&given.base).to_owned(),
        _ => given.base,
    };
    Ok((plan, base))
}

/// A URL as it may be shown: what stands before the host may be a password.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://***{}", &rest[at..]),
        None => url.to_owned(),
    }
}

/// The scheme, host and port of a base.
fn origin(base: &str) -> &str {
    let host = base.find("://").map_or(0, |at| at + 3);
    base[host..].find('/').map_or(base, |at| &base[..host + at])
}

/// What is known so far.
struct Found {
    protocol: Option<Protocol>,
    model: Option<String>,
    route: Option<String>,
}

impl Found {
    /// Whether the server must be asked for what is missing.
    fn needs_asking(&self) -> bool {
        match self.protocol {
            None => true,
            Some(Protocol::Vertex | Protocol::TensorflowGrpc | Protocol::V2Grpc) => false,
            Some(_) => self.model.is_none(),
        }
    }

    async fn ask(
        &mut self,
        http: &Http,
        given: &Given,
        limit: Duration,
    ) -> Result<(), DiscoverError> {
        let base = &given.base;
        let get = async |path: &str| {
            let url = format!("{base}{path}");
            match http.get(&url).await {
                Ok(answered) if answered.status.as_u16() == 401 => {
                    Err(CallError::refused(base, &answered))
                }
                Ok(answered) => Ok(answered),
                // A server that can't be reached once is not there for the next question either.
                Err(error @ (Unanswered::Connect(_) | Unanswered::Timeout)) => {
                    Err(CallError::unanswered(base, error, limit))
                }
                Err(error) => Err(CallError::unanswered(&url, error, limit)),
            }
        };
        let mut seen = Vec::new();
        if matches!(self.protocol, None | Some(Protocol::V2Rest)) {
            let answered = get("/v2").await?;
            if self.protocol.is_some() || is_v2(&answered) {
                self.protocol = Some(Protocol::V2Rest);
                // The path was the base's own.
                self.route = None;
                if self.model.is_none() {
                    let list = get("/v2/models").await?;
                    self.choose(base, &list)?;
                }
                return Ok(());
            }
            seen.push(said("/v2", &answered));
        }
        if self.protocol != Some(Protocol::TensorflowRest) {
            let answered = get("/v1/models").await?;
            let list: List = read(&answered).unwrap_or_default();
            let found = match (&list.data, &list.models) {
                (Some(_), _) => Some(Protocol::Openai),
                (None, Some(_)) => Some(Protocol::TensorflowRest),
                (None, None) => None,
            };
            if self.protocol == Some(Protocol::Openai) || found.is_some() {
                if self.protocol.is_none() {
                    self.route = None;
                    self.protocol = found;
                }
                if self.model.is_none() {
                    match self.choose(base, &answered) {
                        // A row may name its model itself.
                        Err(_) if self.protocol == Some(Protocol::Openai) => {
                            self.model = Some(String::new());
                        }
                        chosen => chosen?,
                    }
                }
                return Ok(());
            }
            seen.push(said("/v1/models", &answered));
        }
        let name = self.model.as_deref().unwrap_or(USUAL_MODEL);
        let path = format!("/v1/models/{name}");
        let answered = get(&path).await?;
        if answered.status.is_success() && is_status(&answered) {
            self.protocol = Some(Protocol::TensorflowRest);
            self.route = None;
            return Ok(());
        }
        // In TF Serving's words, which name what it looked for.
        let words = reason(&answered.body);
        let is_tensorflow = answered.status.as_u16() == 404
            && ["Servable not found", "Could not find any versions of model"]
                .iter()
                .any(|known| words.contains(known));
        if self.model.is_none() && (is_tensorflow || self.protocol.is_some()) {
            let protocol = "TF Serving's REST API";
            return Err(DiscoverError::NoModel { base: base.clone(), protocol });
        }
        if is_tensorflow || self.protocol.is_some() {
            self.protocol = Some(Protocol::TensorflowRest);
            return Ok(());
        }
        if self.route.is_some() {
            // Nothing of a protocol at all, and a path that is none's: a container of Vertex AI's contract.
            self.protocol = Some(Protocol::Vertex);
            return Ok(());
        }
        if matches!(answered.status.as_u16(), 401 | 403) {
            return Err(CallError::refused(base, &answered).into());
        }
        seen.push(said(&path, &answered));
        Err(DiscoverError::Unknown { base: base.clone(), seen: seen.join(", ") })
    }

    /// The only model of a list.
    fn choose(&mut self, base: &str, answered: &Answered) -> Result<(), DiscoverError> {
        let mut models = read::<List>(answered).unwrap_or_default().names();
        models.truncate(20);
        match &models[..] {
            [] => Ok(()),
            [only] => {
                self.model = Some(only.clone());
                Ok(())
            }
            _ => Err(DiscoverError::Several { base: base.to_owned(), models }),
        }
    }
}
