//! Rows to one server and their predictions back, in the rows' order.

use std::num::NonZeroUsize;
use std::ops::Range;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, stream};

use super::{Body, Input, PredictionError};
use crate::work::batch::FileRow;
use crate::work::protocol::{CallError, Caller, Failed, Reply};

/// How rows are asked for.
#[derive(Clone, Copy, Debug)]
pub struct AskOptions {
    /// Most rows of one request.
    pub batch: NonZeroUsize,
    /// Most requests on their way.
    pub concurrency: NonZeroUsize,
}

/// What became of one request.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The rows in it, counted from 0; of a body, its predictions.
    pub rows: Range<usize>,
    /// The line of the first one in its file, from 1.
    pub line: u64,
    /// The predictions of the rows, or why there are none.
    pub reply: Result<Reply, Failed>,
}

/// Asks for all rows and gives what became of them to `take`, in their order. It ends with the first
/// failure that the row is not the reason of, and when `take` fails.
pub async fn ask<E: From<PredictionError>>(
    caller: &Caller,
    input: &Input,
    options: AskOptions,
    take: &mut dyn FnMut(Answered) -> Result<(), E>,
) -> Result<(), E> {
    let rows = match input {
        Input::Body(body) => {
            let reply = ask_body(caller, body).await;
            let count = reply.as_ref().map_or(1, |reply| reply.predictions.len());
            return give(Answered { rows: 0..count, line: 1, reply }, take);
        }
        Input::Rows(rows) => rows,
    };
    let size = if caller.is_by_row() { 1 } else { options.batch.get() };
    let requests = rows.chunks(size).enumerate().map(|(number, chunk)| {
        let first = number * size;
        async move {
            let rows = first..first + chunk.len();
            Answered { rows, line: chunk[0].line, reply: ask_rows(caller, chunk).await }
        }
        .boxed()
    });
    let requests: Vec<_> = requests.collect();
    let mut answers = stream::iter(requests).buffered(options.concurrency.get());
    while let Some(answered) = answers.next().await {
        give(answered, take)?;
    }
    Ok(())
}

fn give<E: From<PredictionError>>(
    answered: Answered,
    take: &mut dyn FnMut(Answered) -> Result<(), E>,
) -> Result<(), E> {
    match &answered.reply {
        Err(failed) if !failed.error.is_of_row() => {
            Err(PredictionError::Call(failed.error.clone()).into())
        }
        _ => take(answered),
    }
}

async fn ask_rows(caller: &Caller, rows: &[FileRow]) -> Result<Reply, Failed> {
    let failed = |error| Failed { error, revision: None };
    let instances = rows.iter().map(|row| {
        let instance = row.instance.as_ref().map(|bytes| &bytes[..]);
        instance.map_err(|error| failed(CallError::Row(error.message.clone())))
    });
    let instances: Vec<&[u8]> = instances.collect::<Result<_, _>>()?;
    caller.ask(&instances).await
}

async fn ask_body(caller: &Caller, body: &Body) -> Result<Reply, Failed> {
    let prepared = caller.prepare_body(body.bytes.clone());
    let prepared = prepared.map_err(|error| Failed { error, revision: None })?;
    match caller.call(&prepared).await {
        Err(Failed { error, revision }) => {
            Err(Failed { error: caller.explained(error).await, revision })
        }
        reply => reply,
    }
}

/// The instance of a file's content: `{"b64":"..."}`.
pub(super) fn b64(content: &Bytes) -> Bytes {
    crate::work::batch::b64(content)
}
