//! Batches to a server and their answers back: what is asked again, what is halved, what fails.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::address::Address;
use super::columnar;
use super::connection::Connection;
use super::dialect::{Asked, Dialect};
use super::http::{Answered, Http, Token, Unanswered};
use super::openai;
use super::pause::pause;
use super::reason::reason;
use super::v2::{self, Metadata};
use super::window::Window;
use crate::plan::{Protocol, ServerPlan};
use crate::work::batch::{Answer, Permit, PredictError, Predictor, RowError};

/// How often a batch is asked for again that the server had no time for, or could not be connected to:
/// with the pauses between, about two minutes.
const ATTEMPTS: u32 = 10;
/// How often a batch is asked for again on which the connection broke or the time ran out: a row may be
/// the reason, and then it is looked for.
const SUSPICIOUS: u32 = 2;

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

/// Asks one server for predictions.
pub struct Client {
    http: Http,
    dialect: Dialect,
    window: Window,
    connection: Connection,
    model: String,
    route: Option<String>,
    version: Option<Arc<str>>,
    /// Rows can't hold this model's outputs.
    columnar: AtomicBool,
}

/// What became of rows that were sent together.
enum Sent {
    /// Each has its prediction.
    Predicted(Vec<Answer>),
    /// One of them may be the reason: they are asked for apart. A single row has failed so.
    Apart(RowError),
    /// They are asked for again, in another form.
    Again,
    /// None of them is the reason, and all have failed so.
    Failed(RowError),
}

impl Client {
    /// Waits until the server can be asked, and asks it about the model. An error says what to do.
    pub async fn connect(
        plan: &ServerPlan,
        base: &str,
        connection: Connection,
        options: ClientOptions,
    ) -> Result<Self, PredictError> {
        let failed = |reason: String| PredictError { reason };
        let http = Http::new(base, &options.token, options.timeout).map_err(failed)?;
        connection.ready().await?;
        let address = Address::new(base, plan);
        let mut metadata = Metadata::default();
        let mut version = None;
        match plan.protocol {
            Protocol::V2Rest => {
                metadata = about(&http, &address.model()).await?;
                if let Ok(server) = http.get(&address.at("v2")).await {
                    metadata.binary = server.status.is_success() && v2::takes_binary(&server.body);
                }
                version = metadata.versions.last().cloned();
            }
            Protocol::TensorflowRest => version = available(&http, &address).await,
            Protocol::Openai | Protocol::Vertex => {}
            Protocol::TensorflowGrpc | Protocol::V2Grpc => {
                return Err(failed("this client speaks REST only".into()));
            }
        }
        Ok(Self {
            http,
            dialect: Dialect::new(plan, address, metadata),
            window: Window::new(options.max_in_flight),
            connection,
            model: plan.model_name.clone(),
            route: plan.predict_route.clone(),
            version: version.map(Into::into),
            columnar: AtomicBool::new(false),
        })
    }

    async fn batch(&self, rows: Vec<Bytes>) -> Result<Vec<Answer>, PredictError> {
        let mut answers: Vec<Option<Answer>> = vec![None; rows.len()];
        let whole = 0..rows.len();
        let mut left: Vec<Range<usize>> = vec![whole];
        while let Some(range) = left.pop().filter(|range| !range.is_empty()) {
            match self.send(&rows[range.clone()]).await? {
                Sent::Predicted(found) => {
                    for (at, answer) in range.zip(found) {
                        answers[at] = Some(answer);
                    }
                }
                Sent::Again => left.push(range),
                Sent::Apart(_) if range.len() > 1 => {
                    let middle = range.start + range.len() / 2;
                    left.push(middle..range.end);
                    left.push(range.start..middle);
                }
                Sent::Apart(error) | Sent::Failed(error) => {
                    for at in range {
                        answers[at] = Some(Answer::Failed(error.clone()));
                    }
                }
            }
        }
        // Every range that was taken from `left` was answered or cut in two.
        Ok(answers.into_iter().flatten().collect())
    }

    /// Sends rows until the server has said something about them.
    async fn send(&self, rows: &[Bytes]) -> Result<Sent, PredictError> {
        let one = |message: String| RowError { code: 400, message };
        let is_openai = self.dialect.protocol == Protocol::Openai;
        let columnar = self.columnar.load(Ordering::Relaxed);
        if rows.len() > 1 && (is_openai || columnar) {
            return Ok(Sent::Apart(one("asked for one by one".into())));
        }
        let mut ask = None;
        let asked = if is_openai {
            match openai::ask(&rows[0], &self.model, self.route.as_deref()) {
                Ok(found) => {
                    let url = self.dialect.address.at(&found.route);
                    let asked = Asked { url, body: found.body.clone(), json_length: None };
                    ask = Some(found);
                    asked
                }
                Err(message) => return Ok(Sent::Apart(one(message))),
            }
        } else if columnar {
            let body = columnar::body(self.dialect.signature(), &rows[0]);
            Asked { url: self.dialect.address.predict(), body, json_length: None }
        } else {
            match self.dialect.ask(rows) {
                Ok(asked) => asked,
                Err(message) => return Ok(Sent::Apart(one(message))),
            }
        };
        let mut attempt = 0;
        loop {
            self.connection.ready().await?;
            attempt += 1;
            let begin = Instant::now();
            let answered = self.http.post(&asked.url, asked.body.clone(), asked.json_length).await;
            let retry_after = match answered {
                Ok(answered) => match answered.status.as_u16() {
                    200..=299 => {
                        self.window.answered(begin.elapsed());
                        return Ok(self.predicted(&answered, ask.as_ref(), columnar, rows.len()));
                    }
                    code @ (429 | 503 | 504) => {
                        self.window.too_much(Instant::now());
                        if attempt > ATTEMPTS {
                            let message = reason(&answered.body);
                            return Ok(Sent::Failed(RowError { code, message }));
                        }
                        answered.retry_after
                    }
                    _ => return self.refused(&answered),
                },
                Err(Unanswered::Timeout) => {
                    self.window.too_much(Instant::now());
                    if attempt > SUSPICIOUS {
                        let message = "the server did not answer in time".into();
                        return Ok(Sent::Apart(RowError { code: 504, message }));
                    }
                    None
                }
                Err(Unanswered::Cut(message)) => {
                    if attempt > SUSPICIOUS {
                        let message = format!("the server broke the connection off: {message}");
                        return Ok(Sent::Apart(RowError { code: 502, message }));
                    }
                    None
                }
                Err(Unanswered::Connect(message)) => {
                    if attempt > ATTEMPTS {
                        return Err(self.lost(&message));
                    }
                    None
                }
                Err(Unanswered::Broken(message)) => {
                    return Ok(Sent::Apart(RowError { code: 502, message }));
                }
            };
            tokio::time::sleep(pause(attempt, retry_after.as_deref(), Timestamp::now())).await;
        }
    }

    fn predicted(
        &self,
        answered: &Answered,
        ask: Option<&openai::Ask>,
        columnar: bool,
        count: usize,
    ) -> Sent {
        let (body, status) = (&answered.body, answered.status.as_u16());
        let found = match ask {
            Some(ask) => super::answer::readable(body)
                .map(|body| (vec![openai::prediction(ask, status, &body)], None)),
            None if columnar => columnar::prediction(body).map(|found| (vec![found], None)),
            None => self.dialect.predictions(body, answered.json_length, count),
        };
        match found {
            Ok((found, version)) => {
                let version = version.map(Arc::from).or_else(|| self.version.clone());
                let answer =
                    |prediction| Answer::Prediction { prediction, version: version.clone() };
                Sent::Predicted(found.into_iter().map(answer).collect())
            }
            Err(message) => Sent::Apart(RowError { code: 502, message }),
        }
    }

    /// A refusal that no waiting changes.
    fn refused(&self, answered: &Answered) -> Result<Sent, PredictError> {
        let code = answered.status.as_u16();
        let message = reason(&answered.body);
        let address = self.dialect.address.base();
        let is_openai = self.dialect.protocol == Protocol::Openai;
        match code {
            401 | 403 => Err(PredictError {
                reason: format!(
                    "{address} refuses to be asked ({code}: {message}); put a valid token into \
                     MLCTL_ENDPOINT_TOKEN{} and run the same command again: it goes on from here",
                    if is_openai { " or OPENAI_API_KEY" } else { "" }
                ),
            }),
            // With OpenAI's API it is the row that names its model.
            404 | 405 if !is_openai => Err(PredictError {
                reason: format!(
                    "{} is not there ({code}: {message}); look at the model's name `{}`, its version \
                     and model.routes.predict in the spec",
                    self.dialect.address.predict(),
                    self.model
                ),
            }),
            _ => {
                let rest = self.dialect.protocol == Protocol::TensorflowRest;
                // From now on rows are asked for one by one in the other form, these first.
                let again = rest
                    && columnar::is_needed(code, &message)
                    && !self.columnar.swap(true, Ordering::Relaxed);
                Ok(if again { Sent::Again } else { Sent::Apart(RowError { code, message }) })
            }
        }
    }

    fn lost(&self, message: &str) -> PredictError {
        PredictError {
            reason: format!(
                "{} can't be reached: {message}; when it serves again, run the same command again: it \
                 goes on from here",
                self.dialect.address.base()
            ),
        }
    }
}

impl Predictor for Client {
    fn predict(&self, instances: Vec<Bytes>) -> BoxFuture<'_, Result<Vec<Answer>, PredictError>> {
        self.batch(instances).boxed()
    }

    fn admit(&self) -> BoxFuture<'_, Permit> {
        self.window.admit().boxed()
    }
}

/// What the server says of the model, once it says it.
async fn about(http: &Http, url: &str) -> Result<Metadata, PredictError> {
    let mut attempt = 0;
    loop {
        attempt += 1;
        let why = match http.get(url).await {
            Ok(answered) if answered.status.is_success() => {
                return serde_json::from_slice(&answered.body).map_err(|error| PredictError {
                    reason: format!("{url} doesn't answer with a model's metadata: {error}"),
                });
            }
            Ok(answered) if matches!(answered.status.as_u16(), 401 | 403 | 404) => {
                let (status, reason) = (answered.status, reason(&answered.body));
                return Err(PredictError { reason: format!("{url} answers {status}: {reason}") });
            }
            Ok(answered) => format!("answers {}: {}", answered.status, reason(&answered.body)),
            Err(error) => error.to_string(),
        };
        if attempt > ATTEMPTS {
            return Err(PredictError { reason: format!("{url}: {why}") });
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
