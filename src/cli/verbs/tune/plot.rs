//! `mlctl tune plot`: a study as a page with its charts.

use std::path::PathBuf;

use super::export::{axes_of, write_new};
use super::trials::report_of;
use crate::cli::{CliError, Context, ErrorKind, exit};
use crate::work::tune::{importance, plot_page};

/// Arguments of `tune plot`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The page is one HTML file that needs nothing else, no network either: values by
trial, how parameters and metrics go together, which parameters matter, what
trials report on the way, the Pareto front of several metrics, and all trials.

Examples:
  mlctl tune plot                        the last study of this folder
  mlctl tune plot digits-search --to digits.html
  mlctl tune plot digits-search --overwrite  again, with what has ended since")]
pub struct PlotArgs {
    /// The study
    pub study: Option<String>,
    /// The page; default <STUDY>.html in this folder
    #[arg(short = 'O', long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, alias = "force")]
    pub overwrite: bool,
}

/// Writes the page of a study.
pub(super) fn plot(context: &Context, args: &PlotArgs) -> Result<u8, CliError> {
    let target = context.study(args.study.as_deref())?;
    let report = report_of(context, &target);
    let (space, axes) = axes_of(&target, &report)?;
    let known: Vec<_> =
        report.metrics.iter().map(|metric| importance(&space, &report, metric)).collect();
    let page = plot_page(&report, &axes, &known)
        .map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))?;
    let path = args.to.clone().unwrap_or_else(|| format!("{}.html", report.study).into());
    write_new(context, &path, &page, args.overwrite)?;
    Ok(exit::OK)
}
