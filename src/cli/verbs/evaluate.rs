//! `mlctl evaluate`: predictions against what is true.

use super::outputs::output_of;
use crate::cli::{CliError, Context, exit};
use crate::storage::Place;
use crate::ui::evaluation_text;
use crate::work::batch::{Bound, Outputs, Question, Task, evaluate};

/// Arguments of `evaluate`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Predictions that are words, integers or vectors of scores are classes: accuracy,
precision, recall, f1. Numbers are a regression: rmse, mae, r2. Without --key the
n-th label is the n-th row's, failed rows included. Exit code 10: a bound of --min
or --max is not kept.

Examples:
  mlctl evaluate digits --truth labels.jsonl --min accuracy=0.9
  mlctl evaluate s3://bucket/out --truth s3://bucket/labels.csv --key id --label class
  mlctl evaluate houses --truth prices.csv --label price --max rmse=1000
  mlctl evaluate digits@champion --truth labels.jsonl
  mlctl evaluate digits --truth labels.jsonl -o json | jq .metrics.accuracy")]
pub struct EvaluateArgs {
    /// The run, the URL or folder of its output, or NAME@3 or NAME@ALIAS of the registry: what was
    /// predicted with that version last
    #[arg(value_name = "RUN|URL|MODEL")]
    pub run: Option<String>,
    /// The labels: JSON Lines or CSV; a file, a folder or a pattern
    #[arg(long, value_name = "URI")]
    pub truth: String,
    /// The field by which rows and labels belong together
    #[arg(long, value_name = "FIELD")]
    pub key: Option<String>,
    /// The field with the label; default `label`, or the whole line
    #[arg(long, value_name = "FIELD")]
    pub label: Option<String>,
    /// Where in a prediction the class, the scores or the number is, for example scores.0
    #[arg(long, value_name = "PATH")]
    pub prediction: Option<String>,
    /// What is predicted; default: what the values look like
    #[arg(long, value_enum, value_name = "TASK")]
    pub task: Option<TaskArg>,
    /// A metric must have at least this value
    #[arg(long, value_name = "METRIC=VALUE", value_parser = bound)]
    pub min: Vec<(String, f64)>,
    /// A metric must have at most this value
    #[arg(long, value_name = "METRIC=VALUE", value_parser = bound)]
    pub max: Vec<(String, f64)>,
}

/// What is predicted, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TaskArg {
    /// One of some classes
    Classification,
    /// A number
    Regression,
}

fn bound(text: &str) -> Result<(String, f64), String> {
    let (metric, value) = text.split_once('=').ok_or("write METRIC=VALUE, such as accuracy=0.9")?;
    match value.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok((metric.to_owned(), value)),
        _ => Err(format!("`{value}` is no number")),
    }
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &EvaluateArgs) -> Result<u8, CliError> {
    let (output, stores) = output_of(context, args.run.as_deref())?;
    let stores = stores.watched(context.transfer("results and labels"));
    let bounds = |all: &[(String, f64)], least| {
        let all = all.iter().cloned();
        all.map(|(metric, value)| Bound { metric, least, value }).collect::<Vec<_>>()
    };
    let question = Question {
        truth: Place::from(args.truth.as_str()).starting_at(&context.env.cwd),
        key: args.key.clone(),
        label: args.label.clone(),
        prediction: args.prediction.clone(),
        task: args.task.map(|task| match task {
            TaskArg::Classification => Task::Classification,
            TaskArg::Regression => Task::Regression,
        }),
        bounds: [bounds(&args.min, true), bounds(&args.max, false)].concat(),
    };
    let evaluation = context.handle()?.block_on(async {
        let outputs = Outputs::open(&stores, &output).await?;
        evaluate(&stores, &outputs, &question).await.map_err(CliError::from)
    })?;
    // Its line goes before the answer comes.
    drop(stores);
    context.emit(&evaluation, || evaluation_text(&evaluation, &context.printer))?;
    if evaluation.unlabelled > 0 {
        context.printer.warn(format!(
            "{} of {} rows have no label, and count for nothing: look whether --key is the same in both",
            evaluation.unlabelled, evaluation.rows
        ));
    }
    for missed in &evaluation.missed {
        let value = missed.value.map_or("no value".to_owned(), |value| value.to_string());
        context
            .printer
            .error(format!("{} is {value}: {} is asked for", missed.metric, missed.bound));
    }
    Ok(if evaluation.missed.is_empty() { exit::OK } else { exit::RUN_FAILED })
}
