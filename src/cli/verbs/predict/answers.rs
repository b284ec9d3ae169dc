//! Predictions, as they are printed.

use std::num::NonZeroUsize;

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::PredictArgs;
use super::target::Target;
use crate::cli::{CliError, Context, ErrorKind, Format, exit};
use crate::ui::{Text, json_line};
use crate::work::predict::{self, Answered, AskOptions, Input};
use crate::work::protocol::{CallError, Caller, Failed, Reply};
use crate::work::serve::rollout::RevisionId;

/// Requests on their way where nothing else is said.
const CONCURRENCY: usize = 4;

/// Predictions, as `-o json` prints them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    url: &'a str,
    model: &'a str,
    predictions: Vec<Entry>,
}

/// What became of one row.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    prediction: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
}

/// What has been seen so far.
struct Answers<'a> {
    context: &'a Context,
    wanted: Option<&'a str>,
    /// All of it is one request, whose failure is the command's.
    is_one: bool,
    rows: usize,
    failed: usize,
    first: Option<CliError>,
    warned: bool,
    entries: Vec<Entry>,
}

/// Asks for all of it, and prints it.
pub(super) fn run(
    context: &Context,
    caller: &Caller,
    target: &Target,
    input: &Input,
    args: &PredictArgs,
) -> Result<u8, CliError> {
    let how = &args.how;
    let most = NonZeroUsize::new(CONCURRENCY).unwrap_or(NonZeroUsize::MIN);
    let concurrency = how.concurrency.unwrap_or(most);
    let options = AskOptions { batch: batch(input, args), concurrency };
    let is_one = match input {
        Input::Body(_) => true,
        Input::Rows(rows) if caller.is_by_row() => rows.len() <= 1,
        Input::Rows(rows) => rows.len() <= options.batch.get(),
    };
    let mut answers = Answers {
        context,
        wanted: how.revision.as_deref(),
        is_one,
        rows: 0,
        failed: 0,
        first: None,
        warned: false,
        entries: Vec::new(),
    };
    let handle = context.handle()?;
    let take = &mut |answered| answers.take(answered);
    let asked = handle.block_on(predict::ask(caller, input, options, take));
    asked.map_err(|error| of_revision(error, how.revision.as_deref()))?;
    if context.format != Format::Table {
        let document = Document {
            schema_version: 1,
            url: caller.place(),
            model: &target.plan.model_name,
            predictions: std::mem::take(&mut answers.entries),
        };
        context.emit(&document, Text::default)?;
    }
    answers.end()
}

/// Rows of one request: what somebody has written into one body goes together.
pub(super) fn batch(input: &Input, args: &PredictArgs) -> NonZeroUsize {
    let together = match input {
        Input::Rows(rows) if args.what.json.is_some() => NonZeroUsize::new(rows.len()),
        _ => None,
    };
    together.unwrap_or(args.how.batch)
}

impl Answers<'_> {
    fn take(&mut self, answered: Answered) -> Result<(), CliError> {
        let count = answered.rows.len();
        self.rows += count;
        match answered.reply {
            Ok(reply) => self.predicted(reply),
            Err(failed) if self.is_one => Err(failed.error.into()),
            Err(failed) => self.failed(answered.line, count, failed),
        }
    }

    fn predicted(&mut self, reply: Reply) -> Result<(), CliError> {
        self.compare(reply.revision.as_deref());
        let printer = &self.context.printer;
        let (millis, count) = (reply.latency.as_millis(), reply.predictions.len());
        printer.detail(format!(
            "{count} predictions in {millis} ms{}{}",
            reply
                .version
                .as_ref()
                .map(|version| format!(", version {version}"))
                .unwrap_or_default(),
            reply.revision.as_ref().map(|name| format!(", revision {name}")).unwrap_or_default(),
        ));
        for prediction in &reply.predictions {
            if self.context.format == Format::Table {
                printer.lines(&line(prediction))?;
                continue;
            }
            let value = serde_json::from_slice(prediction);
            self.entries.push(Entry {
                prediction: Some(value.unwrap_or_else(|_| {
                    Json::String(String::from_utf8_lossy(prediction).into_owned())
                })),
                error: None,
                version: reply.version.clone(),
                revision: reply.revision.clone(),
                seconds: Some(reply.latency.as_secs_f64()),
            });
        }
        Ok(())
    }

    /// Each of these rows has an error in the place of its prediction.
    fn failed(&mut self, line: u64, count: usize, failed: Failed) -> Result<(), CliError> {
        self.failed += count;
        let (code, message) = match &failed.error {
            CallError::Refused { code, words, .. } => (*code, words.clone()),
            CallError::Row(message) => (400, message.clone()),
            CallError::Timeout { .. } => (504, failed.error.to_string()),
            other => (502, other.to_string()),
        };
        let error = json!({ "code": code, "message": message });
        let printer = &self.context.printer;
        printer.detail(format!("line {line}: {message}"));
        for _ in 0..count {
            if self.context.format == Format::Table {
                let text = json_line(&json!({ "error": error })).unwrap_or_default();
                printer.data(&text)?;
                continue;
            }
            self.entries.push(Entry {
                prediction: None,
                error: Some(error.clone()),
                version: None,
                revision: failed.revision.clone(),
                seconds: None,
            });
        }
        self.first.get_or_insert_with(|| failed.error.into());
        Ok(())
    }

    /// Says once when another revision answers than the one that was asked for.
    fn compare(&mut self, answered: Option<&str>) {
        if !self.warned
            && let Some(wanted) = self.wanted
        {
            self.warned = compare(self.context, wanted, answered);
        }
    }

    fn end(self) -> Result<u8, CliError> {
        let Some(first) = self.first else { return Ok(exit::OK) };
        if self.failed == self.rows {
            return Err(first);
        }
        self.context.printer.fault(format!(
            "{} of {} rows have no prediction; the first says: {}",
            self.failed, self.rows, first.message
        ));
        Ok(exit::ROWS_FAILED)
    }
}

/// A name means the newest generation, and an exact name the one that it says.
fn is_meant(wanted: &str, answered: &str) -> bool {
    let id = answered.parse::<RevisionId>();
    answered == wanted || id.is_ok_and(|id| id.name.as_str() == wanted || id.exact() == wanted)
}

/// Says when another revision has answered than the one that was asked for; whether it has said so.
fn compare(context: &Context, wanted: &str, answered: Option<&str>) -> bool {
    let printer = &context.printer;
    match answered {
        Some(answered) if is_meant(wanted, answered) => return false,
        Some(answered) => {
            printer.warn(format!("revision {answered} has answered, not {wanted}"));
        }
        None => printer.warn(format!(
            "the answer does not say which revision it is of: the server may know none, and --revision \
             {wanted} nothing to it"
        )),
    }
    true
}

/// An error where a revision was asked for, which may be the reason: then there is no use in looking for
/// another.
fn of_revision(mut error: CliError, wanted: Option<&str>) -> CliError {
    if wanted.is_some()
        && error.kind == ErrorKind::NotFound
        && error.message.to_lowercase().contains("revision")
    {
        error.hints =
            vec!["name a revision that the endpoint has, or leave --revision out".to_owned()];
    }
    error
}

/// A prediction as one line. No line break is within a string of JSON, so each is a blank.
fn line(prediction: &Bytes) -> Vec<u8> {
    let mut line: Vec<u8> = prediction
        .iter()
        .map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte })
        .collect();
    line.push(b'\n');
    line
}

/// Posts a body and prints what comes, byte for byte.
pub(super) fn raw(
    context: &Context,
    caller: &Caller,
    body: Bytes,
    args: &PredictArgs,
) -> Result<u8, CliError> {
    let printer = &context.printer;
    let wanted = args.how.revision.as_deref();
    let head = context.handle()?.block_on(predict::raw(caller, body, &mut |bytes| {
        printer.lines(bytes).map_err(CliError::from)
    }))?;
    if (200..300).contains(&head.status) {
        if let Some(wanted) = wanted {
            compare(context, wanted, head.revision.as_deref());
        }
        return Ok(exit::OK);
    }
    let place = caller.place().to_owned();
    let words = "what it says is on standard output".to_owned();
    let error = CallError::Refused { place, code: head.status, words };
    Err(of_revision(error.into(), wanted))
}
