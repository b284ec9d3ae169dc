//! `mlctl tune export`: a study for other programs.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::target::StudyTarget;
use super::trials::report_of;
use crate::cli::{CliError, Context, ErrorKind, Format, exit};
use crate::spec::space::Space;
use crate::ui::json_text;
use crate::work::tune::{Axis, StudyError, StudyReport, axes, csv_text, optuna_text};

/// Arguments of `tune export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
csv has a line for each trial. A text that a spreadsheet would run as a formula
(it begins with = + - @ and is no number) gets a ' in front. json is what
`mlctl tune trials -o json` prints, curves included. optuna is a journal file
that Optuna 4 and 5 load:

  storage = JournalStorage(JournalFileBackend(\"study.log\"))
  study = optuna.load_study(study_name=None, storage=storage)

There trial 1 is number 0, and a stopped trial is a pruned one unless it is
among the best.

Examples:
  mlctl tune export > trials.csv         the last study of this folder
  mlctl tune export digits-search --format optuna --to study.log
  mlctl tune export digits-search --format json | jq '.trials[0].curve'")]
pub struct ExportArgs {
    /// The study
    pub study: Option<String>,
    /// What to write; default csv
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "output")]
    pub format: Option<ExportFormat>,
    /// Write to this file, not to standard output
    #[arg(short = 'O', long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, alias = "force", requires = "to")]
    pub overwrite: bool,
}

/// What a study is exported as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A table of the trials
    Csv,
    /// The study with its trials and their curves
    Json,
    /// A journal file of Optuna
    Optuna,
}

/// Writes a study for other programs.
pub(super) fn export(context: &Context, args: &ExportArgs) -> Result<u8, CliError> {
    let target = context.study(args.study.as_deref())?;
    let report = report_of(context, &target);
    let internal = |error: String| CliError::new(ErrorKind::Internal, error);
    // `-o json` means what it means for any other verb.
    let format = args.format.unwrap_or(match context.format {
        Format::Json => ExportFormat::Json,
        _ => ExportFormat::Csv,
    });
    let text = match format {
        ExportFormat::Csv => csv_text(&report).map_err(|error| internal(error.to_string()))?,
        ExportFormat::Json => json_text(&report).map_err(|error| internal(error.to_string()))?,
        ExportFormat::Optuna => {
            let (_, axes) = axes_of(&target, &report)?;
            optuna_text(&report, &axes).map_err(|error| internal(error.to_string()))?
        }
    };
    match &args.to {
        Some(path) => write_new(context, path, &text, args.overwrite)?,
        None => context.printer.data(&text)?,
    }
    Ok(exit::OK)
}

/// The space of a study, and its parameters with what each may be.
pub(super) fn axes_of(
    target: &StudyTarget,
    report: &StudyReport,
) -> Result<(Space, Vec<Axis>), CliError> {
    let space = Space::of(&target.document.spec.parameters).map_err(StudyError::from)?;
    let seen = |name: &str| {
        let mut words: Vec<_> =
            report.trials.iter().filter_map(|trial| trial.params.get(name).cloned()).collect();
        words.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        words.dedup();
        words
    };
    let axes = axes(&space, &report.parameters, seen);
    Ok((space, axes))
}

/// Writes a file that a person has named, whole or not at all. One that is there stays as it is,
/// unless `overwrite` replaces it; a link is replaced, not what it leads to.
pub(super) fn write_new(
    context: &Context,
    named: &Path,
    text: &str,
    overwrite: bool,
) -> Result<(), CliError> {
    let path = context.env.cwd.join(named);
    let there = || {
        CliError::new(ErrorKind::Refused, format!("{} is there already", named.display()))
            .hint("choose another file with --to, or replace it with --overwrite")
    };
    if !overwrite && path.symlink_metadata().is_ok() {
        return Err(there());
    }
    let Some(folder) = path.parent().filter(|folder| folder.is_dir()) else {
        let message = format!("{} can't be written: there is no such folder", named.display());
        return Err(CliError::new(ErrorKind::NotFound, message).hint("make the folder first"));
    };
    let mut file = tempfile::Builder::new().prefix(".mlctl.").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode)?;
    let kept = if overwrite { file.persist(&path) } else { file.persist_noclobber(&path) };
    kept.map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => there(),
        _ => error.error.into(),
    })?;
    context.printer.say(format!("wrote {}", named.display()));
    Ok(())
}
