//! The middle stage of a shard: batches are asked for, as many at once as the server takes, and go on
//! in input order.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use futures::future::BoxFuture;
use futures::stream::FuturesOrdered;
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc::{Receiver, Sender};

use super::feed::Batch;
use super::sink::bounded;
use crate::work::batch::output::Outcome;
use crate::work::batch::{Answer, Answers, BatchError, Latency, Permit, Predictor};

/// Batches that wait for a slower one before them, at most, and their bytes.
const MOST: usize = 1024;
const MOST_BYTES: u64 = 64 << 20;

/// What the stage learns of the answers.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Rows by the version of the model that answered.
    pub(super) versions: HashMap<Arc<str>, u64>,
    /// How long requests took.
    pub(super) latency: Latency,
}

/// How the stage ended.
pub(super) enum Flow {
    /// All batches have gone on.
    Done(Tally),
    /// It was told to stop.
    Stopped,
}

/// A batch that has its answers.
struct Answered {
    batch: Batch,
    versions: Vec<(Arc<str>, u64)>,
    /// `None` where nothing was asked.
    millis: Option<u64>,
    /// Its bytes when it was sent.
    bytes: u64,
}

/// Asks for all batches. `each` is told of every batch that has its answers; when it says `false`, the
/// stage stops.
pub(super) async fn flow(
    predictor: &dyn Predictor,
    mut batches: Receiver<Batch>,
    done: Sender<Batch>,
    mut each: impl FnMut(&Batch) -> bool,
) -> Result<Flow, BatchError> {
    let mut tally = Tally::default();
    let mut flying: FuturesOrdered<BoxFuture<'_, Result<Answered, BatchError>>> =
        FuturesOrdered::new();
    let mut waiting: Option<(Batch, BoxFuture<'_, Permit>)> = None;
    let (mut open, mut bytes) = (true, 0);
    loop {
        let room =
            waiting.is_none() && flying.len() < MOST && (bytes < MOST_BYTES || flying.is_empty());
        tokio::select! {
            answered = flying.next(), if !flying.is_empty() => {
                let Some(answered) = answered else { continue };
                let answered = answered?;
                bytes -= answered.bytes;
                tally.add(&answered);
                let go_on = each(&answered.batch);
                // The sink has ended with an error, which whoever waits for it is told.
                if done.send(answered.batch).await.is_err() || !go_on {
                    return Ok(Flow::Stopped);
                }
            }
            batch = batches.recv(), if open && room => match batch {
                None => open = false,
                Some(batch) => {
                    bytes += batch.bytes;
                    if batch.is_settled() {
                        let bytes = batch.bytes;
                        let answered = Answered { batch, versions: Vec::new(), millis: None, bytes };
                        flying.push_back(async { Ok(answered) }.boxed());
                    } else {
                        waiting = Some((batch, predictor.admit()));
                    }
                }
            },
            permit = admitted(&mut waiting), if waiting.is_some() => {
                if let Some((batch, _)) = waiting.take() {
                    flying.push_back(ask(predictor, batch, permit).boxed());
                }
            }
            else => return Ok(Flow::Done(tally)),
        }
    }
}

async fn admitted(waiting: &mut Option<(Batch, BoxFuture<'_, Permit>)>) -> Permit {
    match waiting {
        Some((_, permit)) => permit.await,
        None => std::future::pending().await,
    }
}

async fn ask(
    predictor: &dyn Predictor,
    mut batch: Batch,
    permit: Permit,
) -> Result<Answered, BatchError> {
    let bytes = batch.bytes;
    let began = Instant::now();
    let asks = batch.asks();
    let asked = asks.len();
    let Answers { rows: answers, versions } = predictor.predict(asks).await?;
    drop(permit);
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    if answers.len() != asked {
        let reason = format!("{asked} rows were asked for, and {} answered", answers.len());
        return Err(BatchError::Internal(reason));
    }
    let open = batch.items.iter_mut().filter(|item| matches!(item.outcome, Outcome::Ask(_)));
    for (item, answer) in open.zip(answers) {
        item.outcome = match answer {
            Answer::Failed(error) => Outcome::Failed(bounded(error)),
            Answer::Prediction(prediction) => Outcome::Predicted(prediction),
        };
    }
    Ok(Answered { batch, versions, millis: Some(millis), bytes })
}

impl Tally {
    fn add(&mut self, answered: &Answered) {
        for (version, rows) in &answered.versions {
            *self.versions.entry(Arc::clone(version)).or_default() += rows;
        }
        if let Some(millis) = answered.millis {
            self.latency.add(millis);
        }
    }
}
