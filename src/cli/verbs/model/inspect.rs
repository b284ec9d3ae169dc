//! `mlctl model inspect`: what a model's files say of it.

use serde::Serialize;

use super::args::report;
use crate::cli::{CliError, Context, ErrorKind, exit};
use crate::model::inspect::{Facts, Report, Request, request};
use crate::ui::inspection_text;

/// Arguments of `model inspect`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Reads a SavedModel, a model of TensorFlow Lite or TensorFlow.js, or an ONNX graph,
and runs none of it. Of gigabytes of weights no byte is read.

Examples:
  mlctl model inspect ./model
  mlctl model inspect digits@champion
  mlctl model inspect s3://bucket/models/digits/3 -o json
  mlctl model inspect ./model --request serving_default | curl -d @- \\
    http://localhost:8501/v1/models/digits:predict
  mlctl model inspect ./model --grpc serving_default | grpcurl -plaintext -d @ \\
    localhost:8500 tensorflow.serving.PredictionService/Predict

Exit codes: 0 it is whole, 10 something of it is missing, 5 it is damaged or no model.")]
pub(super) struct InspectArgs {
    /// A folder or file, a URL, a run, or NAME@VERSION of the registry
    #[arg(value_name = "MODEL")]
    pub(super) model: String,
    /// Print nothing but a request for this signature, as TensorFlow Serving's REST takes it
    #[arg(long, value_name = "SIGNATURE", group = "only")]
    pub(super) request: Option<String>,
    /// Print nothing but a row for this signature, as a batch prediction takes it
    #[arg(long, value_name = "SIGNATURE", group = "only")]
    pub(super) row: Option<String>,
    /// Print nothing but a message for this signature, as grpcurl sends it to PredictionService
    #[arg(long, value_name = "SIGNATURE", group = "only")]
    pub(super) grpc: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    #[serde(flatten)]
    report: &'a Report,
    requests: &'a [Request],
}

pub(super) fn inspect(context: &Context, args: &InspectArgs) -> Result<u8, CliError> {
    let report = report(context, &args.model)?;
    let name = name_of(&args.model);
    for (asked, form) in
        [(&args.request, Form::Request), (&args.row, Form::Row), (&args.grpc, Form::Grpc)]
    {
        if let Some(signature) = asked {
            context.printer.data(&only(&report, &name, signature, form)?)?;
            return Ok(exit::OK);
        }
    }
    let signatures = report.interface.signatures.iter();
    // Only what a server has loaded answers requests.
    let is_served = matches!(report.facts, Facts::SavedModel(_));
    let signatures = signatures.filter(|_| is_served);
    let requests: Vec<Request> =
        signatures.filter_map(|(signature, call)| request(&name, signature, call)).collect();
    let document = Document { schema_version: 1, report: &report, requests: &requests };
    context
        .emit(&document, || inspection_text(&report, &args.model, &requests, &context.printer))?;
    for trouble in &report.trouble {
        context.printer.fault(trouble.as_str());
    }
    Ok(if report.trouble.is_empty() { exit::OK } else { exit::RUN_FAILED })
}

/// In which form a request is asked for.
#[derive(Clone, Copy)]
enum Form {
    Request,
    Row,
    Grpc,
}

/// One form of the request for a signature, in a line.
fn only(report: &Report, name: &str, signature: &str, form: Form) -> Result<String, CliError> {
    let signatures = &report.interface.signatures;
    let Some(call) = signatures.get(signature) else {
        let message = format!("{} has no signature `{signature}`", report.model);
        let known: Vec<&str> = signatures.keys().map(String::as_str).collect();
        let error = CliError::new(ErrorKind::NotFound, message);
        return Err(if known.is_empty() {
            error.hint("it has none at all")
        } else {
            error.hint(format!("it has {}", known.join(", ")))
        });
    };
    let text = request(name, signature, call).and_then(|found| match form {
        Form::Request => Some(found.body),
        Form::Row => found.row,
        Form::Grpc => Some(found.grpc),
    });
    text.ok_or_else(|| {
        let what = if matches!(form, Form::Row) { "a row" } else { "JSON" };
        let message = format!("the inputs of {signature} have no form as {what}");
        CliError::new(ErrorKind::Refused, message).hint("`mlctl model inspect` shows what they are")
    })
}

/// What a server would call the model: the last part of its name that is no number.
fn name_of(model: &str) -> String {
    let plain = model.split('@').next().unwrap_or(model);
    let parts = plain.trim_end_matches('/').rsplit('/');
    let is_name = |part: &&str| !part.is_empty() && !part.bytes().all(|byte| byte.is_ascii_digit());
    parts.into_iter().find(is_name).filter(|name| *name != ".").unwrap_or("model").to_owned()
}
