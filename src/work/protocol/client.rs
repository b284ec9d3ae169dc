//! Batches to a server and their answers back: what is asked again, what is halved, what fails.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Instant;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::answered::{Answered, Unanswered};
use super::connection::Connection;
use super::dialect::{Asked, Dialect};
use super::pause::pause;
use super::predictor::{Answer, Answers, Permit, PredictError, Predictor, RowError};
use super::reason::reason;
use super::transport::Transport;
use super::window::Window;

/// How often a batch is asked for again that the server had no time for, or could not be connected to:
/// with the pauses between, about two minutes.
pub(super) const ATTEMPTS: u32 = 10;
/// How often a batch is asked for again on which the connection broke or the time ran out: a row may be
/// the reason, and then it is looked for.
const SUSPICIOUS: u32 = 2;
/// How many requests in a row may be told that something is not there or not allowed, though the model
/// is, before that is taken to be so for all: a row is found in fewer halvings.
const REFUSALS: u32 = 16;
/// How TensorFlow and others say that a batch was too much for an accelerator's memory. The status is
/// the one for too many requests, and waiting doesn't help.
const OUT_OF_MEMORY: [&str; 2] = ["OOM when allocating", "out of memory"];

/// Asks one server for predictions.
pub struct Client {
    pub(super) transport: Transport,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) window: Window,
    pub(super) connection: Connection,
    /// The server, and where it is asked for predictions, as they are named to people.
    pub(super) base: String,
    pub(super) place: String,
    /// What to look at in the spec when there is nothing at the place.
    pub(super) look_at: String,
    /// The version of answers that name none.
    pub(super) version: Option<Arc<str>>,
    /// The model's outputs are not rows.
    pub(super) apart: AtomicBool,
    /// The server has told about the model, or predicted.
    pub(super) is_there: AtomicBool,
    /// Requests that were refused though it is there, one after the other.
    pub(super) refused: AtomicU32,
}

/// What became of rows that were sent together.
enum Sent {
    /// Each has its prediction.
    Predicted(Vec<Bytes>, Option<Arc<str>>),
    /// One of them may be the reason: they are asked for apart. A single row has failed so.
    Apart(RowError),
    /// They are asked for again, in another form.
    Again,
    /// None of them is the reason, and all have failed so.
    Failed(RowError),
}

impl Client {
    async fn batch(&self, rows: Vec<&[u8]>) -> Result<Answers, PredictError> {
        let mut answers = Answers { rows: Vec::with_capacity(rows.len()), ..Answers::default() };
        let whole = 0..rows.len();
        // The first of them is on top, so that answers come in the order of the rows.
        let mut left: Vec<Range<usize>> = vec![whole];
        while let Some(range) = left.pop().filter(|range| !range.is_empty()) {
            match self.send(&rows[range.clone()]).await? {
                Sent::Predicted(found, version) => {
                    answers.rows.extend(found.into_iter().map(Answer::Prediction));
                    if let Some(version) = version {
                        answers.versions.push((version, range.len() as u64));
                    }
                }
                Sent::Again => left.push(range),
                Sent::Apart(_) if range.len() > 1 => {
                    let middle = range.start + range.len() / 2;
                    left.push(middle..range.end);
                    left.push(range.start..middle);
                }
                Sent::Apart(error) | Sent::Failed(error) => {
                    answers.rows.extend(range.map(|_| Answer::Failed(error.clone())));
                }
            }
        }
        Ok(answers)
    }

    /// Sends rows until the server has said something about them.
    async fn send(&self, rows: &[&[u8]]) -> Result<Sent, PredictError> {
        let one = |message: String| RowError { code: 400, message };
        let apart = self.apart.load(Ordering::Relaxed);
        if rows.len() > 1 && (apart || self.dialect.by_row()) {
            return Ok(Sent::Apart(one("asked for one by one".into())));
        }
        let asked = match self.dialect.ask(rows, apart) {
            Ok(asked) => asked,
            Err(message) => return Ok(Sent::Apart(one(message))),
        };
        let (mut attempt, mut suspicious) = (0, 0);
        loop {
            self.connection.ready().await?;
            attempt += 1;
            let begin = Instant::now();
            let answered = self.transport.send(&asked).await;
            let retry_after = match answered {
                Ok(answered) => match answered.status.as_u16() {
                    200..=299 => {
                        self.window.answered(begin.elapsed());
                        self.refused.store(0, Ordering::Relaxed);
                        return Ok(self.predicted(&asked, &answered, rows.len(), apart));
                    }
                    code @ (429 | 503 | 504) if !is_out_of_memory(&answered.body) => {
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
                    suspicious += 1;
                    if suspicious > SUSPICIOUS {
                        let message = "the server did not answer in time".into();
                        return Ok(Sent::Apart(RowError { code: 504, message }));
                    }
                    None
                }
                Err(Unanswered::Cut(message)) => {
                    suspicious += 1;
                    if suspicious > SUSPICIOUS {
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

    /// What became of an answer that may hold predictions.
    fn predicted(&self, asked: &Asked, answered: &Answered, count: usize, apart: bool) -> Sent {
        match self.dialect.found(asked, answered, count, apart) {
            Ok(found) => {
                self.is_there.store(true, Ordering::Relaxed);
                if found.apart {
                    self.apart.store(true, Ordering::Relaxed);
                }
                let version = found.version.map(Arc::from).or_else(|| self.version.clone());
                Sent::Predicted(found.rows, version)
            }
            Err(message) => Sent::Apart(RowError { code: 502, message }),
        }
    }

    /// A refusal that no waiting changes.
    fn refused(&self, answered: &Answered) -> Result<Sent, PredictError> {
        let code = answered.status.as_u16();
        let message = reason(&answered.body);
        let by_row = self.dialect.by_row();
        // A model's own operations fail with these, too: then others are answered in between.
        let of_row = matches!(code, 403..=405)
            && self.is_there.load(Ordering::Relaxed)
            && self.refused.fetch_add(1, Ordering::Relaxed) < REFUSALS;
        match code {
            _ if of_row => Ok(Sent::Apart(RowError { code, message })),
            401 | 403 => Err(PredictError {
                reason: format!(
                    "{} refuses to be asked ({code}: {message}); put a valid token into \
                     MLCTL_ENDPOINT_TOKEN{} and run the same command again: it goes on from here",
                    self.base,
                    if by_row { " or OPENAI_API_KEY" } else { "" }
                ),
            }),
            // Where the row names its model, the model may be missing for this row alone.
            404 | 405 if !by_row => Err(PredictError {
                reason: format!(
                    "{} is not there ({code}: {message}); look at {} in the spec",
                    self.place, self.look_at
                ),
            }),
            // Following one would send rows, and a token, wherever the server says.
            300..=399 => Err(PredictError {
                reason: format!(
                    "{} answers {code}, a redirect, which is not followed; look at {} in the spec: it \
                     should be the address that the redirect leads to",
                    self.place, self.look_at
                ),
            }),
            _ => {
                // From now on rows are asked for one by one, these first.
                let again = self.dialect.must_part(code, &message)
                    && !self.apart.swap(true, Ordering::Relaxed);
                Ok(if again { Sent::Again } else { Sent::Apart(RowError { code, message }) })
            }
        }
    }

    fn lost(&self, message: &str) -> PredictError {
        PredictError {
            reason: format!(
                "{} can't be reached: {message}; when it serves again, run the same command again: it \
                 goes on from here",
                self.base
            ),
        }
    }
}

/// A batch was too much at once.
fn is_out_of_memory(body: &[u8]) -> bool {
    let message = reason(body);
    OUT_OF_MEMORY.iter().any(|words| message.contains(words))
}

impl Predictor for Client {
    fn predict<'a>(
        &'a self,
        instances: Vec<&'a [u8]>,
    ) -> BoxFuture<'a, Result<Answers, PredictError>> {
        self.batch(instances).boxed()
    }

    fn admit(&self) -> BoxFuture<'_, Permit> {
        self.window.admit().boxed()
    }
}
