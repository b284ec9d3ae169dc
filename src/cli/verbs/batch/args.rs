//! Arguments of `batch-predict`, and how they are spelled.

use std::ffi::OsString;

use super::flags::BatchFlags;
use crate::cli::verbs::selection::label;
use crate::cli::{OnInterrupt, SpecArgs};
use crate::text::Span;

/// Arguments of `batch-predict`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl batch-predict batch.yaml         predict, and follow it to the end
  mlctl batch-predict --model s3://b/digits --server tensorflow-serving \\
      --input 's3://b/in/*.jsonl' --output s3://b/out
  mlctl batch-predict --endpoint http://models:8501 --server tensorflow-serving \\
      --input rows.csv --output out --key-field id
  mlctl batch-predict --dry-run          shards, rows, bytes and cost
  mlctl batch-predict --set replicas=4 --detach
  mlctl batch-predict --retry-failed RUN   after the server or its quota was mended

What was predicted and where it is goes to standard output in the end, and what the
workers print to standard error, with events; -q leaves those out.

The same job goes on where another run of it has stopped.

Exit codes: 0 every
row has a prediction, 20 some rows failed, 21 more failed than may, 3 spec,
4 no input, 5 refused, 10 failed, 11 infrastructure, 12 cancelled,
13 timed out, 14 could not start, 130 detached.")]
pub struct BatchPredictArgs {
    /// The spec
    #[command(flatten)]
    pub spec: SpecArgs,
    /// A job without a spec
    #[command(flatten)]
    pub flags: BatchFlags,
    /// Submit and return; prints the run's id
    #[arg(short, long, conflicts_with = "events")]
    pub detach: bool,
    /// Show what would run
    #[arg(long)]
    pub dry_run: bool,
    /// Ask only the rows again that have failed in the job's output: what succeeds moves into the
    /// results. In place of FILE also a run, or the URL or folder of an output
    #[arg(long, conflicts_with = "dry_run")]
    pub retry_failed: bool,
    /// Stream events as JSON Lines on stdout
    #[arg(long, conflicts_with = "output")]
    pub events: bool,
    /// Add a label to the run
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = label)]
    pub label: Vec<(String, String)>,
    /// Run on the CPU where the accelerators are missing
    #[arg(long)]
    pub allow_cpu: bool,
    /// Wait for GPUs that other runs hold, in order of submission, at most so long
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true)]
    pub wait: Option<Option<Span>>,
    /// Take along more code than 1 GiB or 20000 files
    #[arg(long)]
    pub allow_large_code: bool,
    /// What Ctrl-C does to the run [default: detach at a terminal, cancel elsewhere]
    #[arg(long, value_enum, value_name = "WHAT", conflicts_with = "detach")]
    pub on_interrupt: Option<OnInterrupt>,
}

/// Spells `--output PLACE` of a batch prediction or an export as `--output-uri PLACE`: `--output` is the form of the
/// document on standard output for every verb, and a place is none of its forms.
pub fn spelled_out(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut args: Vec<OsString> = args.into_iter().collect();
    // `tune export` writes where --file says, and `export tune` exports a model that is called so.
    let mut verbs =
        args.iter().filter(|arg| *arg == "batch-predict" || *arg == "export" || *arg == "tune");
    if verbs.next().is_none_or(|verb| verb == "tune") {
        return args;
    }
    let is_form = |text: &str| matches!(text, "table" | "json" | "yaml");
    for at in 0..args.len() {
        let next = args.get(at + 1).map(|next| next.to_string_lossy().into_owned());
        let Some(arg) = args[at].to_str() else { continue };
        if arg == "--" {
            break;
        }
        if arg == "--output" && next.is_some_and(|next| !is_form(&next)) {
            args[at] = "--output-uri".into();
        } else if let Some(value) = arg.strip_prefix("--output=").filter(|value| !is_form(value)) {
            args[at] = format!("--output-uri={value}").into();
        }
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_no_form_of_the_output() {
        let spelled = |text: &str| {
            let args = spelled_out(text.split(' ').map(OsString::from));
            let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
            args.join(" ")
        };
        for (given, expected) in [
            ("m batch-predict --output s3://b", "m batch-predict --output-uri s3://b"),
            ("m batch-predict --output=out -o json", "m batch-predict --output-uri=out -o json"),
            ("m export tune --output out", "m export tune --output-uri out"),
            ("m tune export s --output x", "m tune export s --output x"),
            ("m --output json batch-predict", "m --output json batch-predict"),
            ("m train --output s3://b", "m train --output s3://b"),
            ("m batch-predict --output", "m batch-predict --output"),
        ] {
            assert_eq!(spelled(given), expected);
        }
    }
}
