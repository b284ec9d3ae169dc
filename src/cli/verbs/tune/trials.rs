//! `mlctl tune trials`: what a study has tried.

use super::target::StudyTarget;
use crate::cli::{CliError, Context, Target, exit};
use crate::gang::RunId;
use crate::plan::Plan;
use crate::store::now;
use crate::ui::{Text, study_header_text, trials_table};
use crate::work::tune::{LiveCurves, StudyReport, TrialReport};

/// Arguments of `tune trials`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The best trial has a star; with several metrics those have one that no other trial
beats. `mlctl logs RUN`, `status`, `why` and `outputs` take a trial's run.

Examples:
  mlctl tune trials                      of the last study of this folder
  mlctl tune trials digits-search --sort
  mlctl tune trials digits-search -o json | jq '.trials[] | {params, values}'")]
pub struct TrialsArgs {
    /// The study
    pub study: Option<String>,
    /// The best by the first metric first, in place of the order of their numbers
    #[arg(long)]
    pub sort: bool,
}

/// The report of a study, with what trials that run have reported so far.
pub(super) fn report_of(context: &Context, target: &StudyTarget) -> StudyReport {
    let store = &target.run.store;
    let active: Vec<&RunId> =
        target.state.active().filter_map(|trial| trial.run.as_ref()).collect();
    let is_unknown = |run: &&RunId| !store.paths(run).record().exists();
    if active.iter().any(is_unknown)
        && let Err(error) = context.take_in_trials(store, &target.run.record.id)
    {
        context.printer.warn(&error.message);
    }
    for run in active {
        // A run that can't be asked just now is shown as it was seen last.
        let _ = context.refresh(store, run);
    }
    let mut curves = LiveCurves::default();
    curves.read(store, &target.document, &target.state);
    StudyReport::of(&target.document, &target.state, &curves)
}

/// The report of a run that is a study's loop; `None` of any other run.
pub fn study_report(context: &Context, target: &Target) -> Result<Option<StudyReport>, CliError> {
    if target.plan.as_ref().and_then(Plan::study).is_none() {
        return Ok(None);
    }
    let study = context.study(Some(&target.record.id))?;
    Ok(Some(report_of(context, &study).without_curves()))
}

/// Prints the trials of a study.
pub(super) fn trials(context: &Context, args: &TrialsArgs) -> Result<u8, CliError> {
    let target = context.study(args.study.as_deref())?;
    let mut report = report_of(context, &target);
    if args.sort {
        let metric = report.metrics.first().cloned();
        let key = |trial: &TrialReport| {
            let value = metric.as_ref().and_then(|metric| {
                let value = *trial.values.get(&metric.name)?;
                let is_large = metric.goal == crate::spec::Goal::Maximize;
                trial.state.counts().then_some(if is_large { -value } else { value })
            });
            value.unwrap_or(f64::INFINITY)
        };
        report.trials.sort_by(|a, b| key(a).total_cmp(&key(b)));
    }
    let state = target.run.record.state;
    context.emit(&report, || {
        let trials: Vec<&TrialReport> = report.trials.iter().collect();
        let table = trials_table(&report, &trials, now()).render(&context.printer);
        Text::lines([study_header_text(&report, state), table])
    })?;
    Ok(exit::OK)
}
