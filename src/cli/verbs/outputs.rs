//! `mlctl outputs`: the results of a batch prediction in input order.

use std::path::Path;

use serde::Serialize;
use serde_json::Value as Json;

use super::batch::run_of_model;
use super::globals::place_is_said;
use crate::cli::{CliError, Context, ErrorKind, Format};
use crate::plan::batch::OutputLayout;
use crate::storage::{Place, Stores};
use crate::ui::Text;
use crate::work::batch::{Chosen, Outputs};

/// Arguments of `outputs`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A result is {\"instance\":X,\"prediction\":Y}, or {\"key\":K,\"prediction\":Y} where the
spec names a keyField. An error has, in the place of the prediction,
\"error\":{\"code\":C,\"message\":M} and \"source\":{\"file\":F,\"line\":L,...}.

Examples:
  mlctl outputs digits                   all predictions, in the order of the input
  mlctl outputs digits --errors          the rows that have none, and why
  mlctl outputs s3://bucket/out --limit 3
  mlctl outputs digits --join            each with the line that it is of

A file or a pipe gets the bytes of the output. A terminal gets lines in which
whatever it would obey is written out: \\x1b, \\u202e.")]
pub struct OutputsArgs {
    /// The run, the URL or folder of its output, or NAME@3 or NAME@ALIAS of the registry: what was
    /// predicted with that version last
    #[arg(value_name = "RUN|URL|MODEL")]
    pub run: Option<String>,
    /// Print the rows that failed, not the results
    #[arg(long)]
    pub errors: bool,
    /// Print each with its line of the input, as the field or column `input`
    #[arg(long)]
    pub join: bool,
    /// Print so many at most
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

/// Runs the verb; returns its exit code.
pub fn run(context: &Context, args: &OutputsArgs) -> Result<u8, CliError> {
    let (output, mut stores) = output_of(context, args.run.as_deref())?;
    // On a terminal the lines themselves show that it goes on.
    if !context.printer.terminal.stdout {
        stores = stores.watched(context.transfer("results"));
    }
    let chosen = Chosen { errors: args.errors, join: args.join, limit: args.limit };
    let printer = &context.printer;
    let is_document = context.format != Format::Table;
    let mut rows = Vec::new();
    context.handle()?.block_on(async {
        let outputs = Outputs::open(&stores, &output).await?;
        let mut take = |lines: &[u8]| {
            if !is_document {
                return printer.lines(lines);
            }
            let lines = lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            rows.extend(lines.map(row));
            Ok(())
        };
        outputs.read(chosen, &mut take).await?;
        let (missing, all) = (outputs.missing(), outputs.job().shards.len());
        if missing > 0 {
            printer.warn(format!(
                "{missing} of {all} shards are not done yet: their rows are missing"
            ));
        }
        if is_document {
            let (schema_version, output) = (1, output.to_string());
            let document = Document { schema_version, output, shards: all, missing, rows };
            context.emit(&document, Text::default)?;
        }
        Ok(0)
    })
}

/// A line of the output: JSON, where it is no row of a table of another format.
fn row(line: &[u8]) -> Json {
    let text = || Json::String(String::from_utf8_lossy(line).into_owned());
    serde_json::from_slice(line).unwrap_or_else(|_| text())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u32,
    /// The folder or URL that has it.
    output: String,
    /// Parts of it in all.
    shards: usize,
    /// Parts that are not done, whose rows are missing.
    missing: u64,
    rows: Vec<Json>,
}

/// The output that is meant: a URL or path as it is, or that of a run's plan; of a version of the registry
/// (`NAME@3`, `NAME@ALIAS`) the last one that was predicted with it. Without either it is the last run's. With it come the stores to read it from.
pub(super) fn output_of(
    context: &Context,
    named: Option<&str>,
) -> Result<(Place, Stores), CliError> {
    let is_output = |text: &str| {
        let place = Place::from(text).starting_at(&context.env.cwd);
        Path::new(OutputLayout::job(&place).as_str()).is_file()
    };
    if let Some(text) = named.filter(|text| text.contains('/') || is_output(text)) {
        place_is_said(context, text)?;
        return Ok((Place::from(text).starting_at(&context.env.cwd), context.stores()));
    }
    let of_model = named.filter(|text| text.contains('@')).map(|text| run_of_model(context, text));
    let of_model = of_model.transpose()?;
    let target = context.target(of_model.as_deref().or(named))?;
    let Some(plan) = &target.plan else {
        let message = format!(
            "the plan of {} is lost, and with it the place of its output",
            target.record.id
        );
        return Err(CliError::new(ErrorKind::NotFound, message).hint("name the output's URL"));
    };
    if let Some(batch) = plan.batch() {
        return Ok((batch.output.clone(), context.stores_of(&target)));
    }
    let message = format!("{} is no batch prediction", target.record.id);
    Err(CliError::new(ErrorKind::Usage, message)
        .hint("name a run of `mlctl batch-predict`, or the URL of an output"))
}
