//! Predictions and labels brought together, by key or by line.

use bytes::Bytes;

use super::datum::{Datum, at_path, field, key_of};
use super::metrics::Tally;
use super::truth::Truth;
use super::{Bound, Evaluation, Task};
use crate::storage::{Place, StorageError, Stores};
use crate::work::batch::input::cells;
use crate::work::batch::output::Line;
use crate::work::batch::{BatchError, OutputFormat, Outputs};

/// What is asked of an output.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The labels: JSON Lines or CSV, one file, a folder or a pattern.
    pub truth: Place,
    /// The field by which rows and labels belong together; `None`: the n-th label is the n-th row's.
    pub key: Option<String>,
    /// The field of the truth with the label; `None`: `label`, or the whole line if that is a value.
    pub label: Option<String>,
    /// Where in a prediction is what is compared: names and places with points between them; `None`:
    /// all of it.
    pub prediction: Option<String>,
    /// What is predicted; `None`: what the values look like.
    pub task: Option<Task>,
    /// Values that metrics must have.
    pub bounds: Vec<Bound>,
}

/// Nothing can be said of the predictions.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The output can't be read, or a store failed.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// The output is not finished.
    #[error("{0} shards have no results yet: finish the batch prediction first")]
    Unfinished(u64),
    /// The labels are not what they must be.
    #[error("{0}")]
    Truth(String),
    /// A prediction can't be compared.
    #[error("{0}")]
    Prediction(String),
    /// What was asked does not fit the values.
    #[error("{0}")]
    Question(String),
}

impl From<StorageError> for EvaluateError {
    fn from(error: StorageError) -> Self {
        Self::Batch(error.into())
    }
}

/// Holds the predictions of a finished output against labels. Rows without a prediction, and those
/// without a label, are counted and not scored.
pub async fn evaluate(
    stores: &Stores,
    outputs: &Outputs,
    question: &Question,
) -> Result<Evaluation, EvaluateError> {
    if outputs.missing() > 0 {
        return Err(EvaluateError::Unfinished(outputs.missing()));
    }
    let mut truth = Truth::open(stores, question).await?;
    let by_key = match &question.key {
        Some(_) => Some(Truth::open(stores, question).await?.by_key().await?),
        None => None,
    };
    let mut tally = Tally::new(question.task);
    let [mut rows, mut failed, mut unlabelled] = [0; 3];
    for shard in 0..outputs.job().shards.len() as u32 {
        let Some(marker) = outputs.marker(shard).await? else { continue };
        let mut lines = outputs.lines(&marker).await?;
        for row in 0..marker.succeeded + marker.failed {
            rows += 1;
            let line = lines.line_of(row).await?;
            let label = match &by_key {
                Some(_) => None,
                None => match truth.next().await? {
                    Some((_, label)) => Some(label),
                    None => return Err(unequal("fewer", rows)),
                },
            };
            let Line::Result(line) = line else {
                failed += 1;
                continue;
            };
            let told = |reason: String| {
                let file = &marker.results.name;
                EvaluateError::Prediction(format!("row {row} of shard {shard} ({file}): {reason}"))
            };
            let csv = outputs.job().output_format == OutputFormat::Csv;
            let result = if csv {
                Found::of_cells(&line, lines.header(), question.key.as_deref())
            } else {
                Found::of_json(&line, question.key.as_deref())
            };
            let Found { key, prediction } = result.map_err(told)?;
            let label = match (&by_key, key) {
                (None, _) => label,
                (Some(all), Some(key)) => all.get(&key).cloned(),
                (Some(_), None) => {
                    let name = question.key.as_deref().unwrap_or_default();
                    return Err(told(format!("it has neither a key nor a field `{name}`")));
                }
            };
            let Some(label) = label else {
                unlabelled += 1;
                continue;
            };
            let prediction = match &question.prediction {
                Some(path) => at_path(&prediction, path).map_err(told)?,
                None => prediction,
            };
            tally.add(&label, &Datum::of(&prediction).map_err(told)?);
        }
        lines.finish().await?;
    }
    if by_key.is_none() && truth.next().await?.is_some() {
        return Err(unequal("more", rows));
    }
    if tally.pairs == 0 {
        let reason = format!(
            "no row has both a prediction and a label: of {rows} rows {failed} have no prediction \
             and {unlabelled} no label"
        );
        return Err(EvaluateError::Question(reason));
    }
    let task = tally.decided().map_err(EvaluateError::Question)?;
    let mut evaluation = Evaluation::of(&tally, task, [rows, failed, unlabelled]);
    evaluation.model.clone_from(&outputs.job().registered);
    evaluation.hold(&question.bounds).map_err(EvaluateError::Question)?;
    Ok(evaluation)
}

fn unequal(word: &str, rows: u64) -> EvaluateError {
    EvaluateError::Truth(format!(
        "the truth has {word} rows than the input ({rows} so far): without --key the n-th label is \
         the n-th row's"
    ))
}

/// What a line of the results says.
struct Found {
    key: Option<String>,
    prediction: Bytes,
}

impl Found {
    fn of_json(line: &Bytes, key: Option<&str>) -> Result<Self, String> {
        let prediction = field(line, "prediction").ok_or("it has no prediction")?;
        let key = key.and_then(|name| {
            let key = field(line, "key");
            key.or_else(|| field(&field(line, "instance")?, name)).map(|key| key_of(&key))
        });
        Ok(Self { key, prediction })
    }

    fn of_cells(
        line: &Bytes,
        header: Option<&[String]>,
        key: Option<&str>,
    ) -> Result<Self, String> {
        let cells = cells(line);
        let header = header.unwrap_or_default();
        let column = |name: &str| {
            header.iter().position(|column| column == name).and_then(|at| cells.get(at))
        };
        let bytes = |text: &[u8]| Bytes::copy_from_slice(text);
        // The prediction is the last column, whatever the instance's are called.
        let prediction = bytes(&cells.last().ok_or("it has no prediction")?.text);
        let is_json = crate::work::batch::json::value_of(&prediction).is_ok();
        let prediction = if is_json {
            prediction
        } else {
            crate::work::batch::json::escaped(&prediction).into()
        };
        let key = key.and_then(|name| column("key").or_else(|| column(name)));
        Ok(Self { key: key.map(|cell| key_of(&bytes(&cell.text))), prediction })
    }
}
