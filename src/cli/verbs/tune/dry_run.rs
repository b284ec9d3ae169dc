//! `mlctl tune --dry-run`: what the first trial would run, and what stands against it.

use super::args::StartArgs;
use super::start::beginning;
use crate::cli::verbs::dry_run::code_section;
use crate::cli::verbs::train::say_notices;
use crate::cli::{CliError, Context, ErrorKind, LOCAL, exit};
use crate::gang::{ParseNameError, RunId};
use crate::ops::cost::Estimate;
use crate::plan::{Plan, table};
use crate::runtime::{Runtime, SubmitOptions};
use crate::spec::TuneJob;
use crate::storage::CodeSurvey;
use crate::store::Store;
use crate::ui::{Text, sections_text};
use crate::work::tune::{LoadedStudy, Places, rehearse};

/// What a study would do.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    schema_version: u32,
    /// The study with overrides; secrets are masked in the plan, and the trial is left to it.
    name: String,
    max_trials: Option<u32>,
    parallel_trials: u32,
    /// The plan of the first trial.
    first_trial: Plan,
    /// What one trial costs.
    cost: Estimate,
    /// The code in numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    code_files: Option<CodeSurvey>,
}

/// Prints the plan of each study's first trial; nothing is started.
pub(super) fn dry_run(
    context: &Context,
    runtime: &dyn Runtime,
    store: &Store,
    studies: &[LoadedStudy],
    args: &StartArgs,
) -> Result<u8, CliError> {
    let of_loop = context.runtime(LOCAL)?;
    let prices = context.prices_or_warn(&runtime.name());
    let options = SubmitOptions {
        allow_cpu: args.allow_cpu,
        large_code: args.allow_large_code,
        rehearse: true,
        ..SubmitOptions::default()
    };
    let mut all = Vec::new();
    for study in studies {
        let places =
            Places { store, of_loop: &*of_loop, of_trials: runtime, prices: &prices, pods: None };
        let with = beginning(context, study, args)?;
        let id: Result<RunId, ParseNameError> = format!("{}-xxxxxx", study.job.name).parse();
        let id = id.map_err(|error| CliError::new(ErrorKind::Usage, error.to_string()))?;
        let (mut plan, notices, code_files) = rehearse(study, &id, &places, &with, &options)?;
        say_notices(context, notices);
        let TuneJob { name, max_trials, .. } = &study.job;
        plan.know(&study.trial.secrets());
        all.push(Shown {
            schema_version: 1,
            name: name.clone(),
            max_trials: *max_trials,
            parallel_trials: study.job.parallel(),
            cost: Estimate::of(&plan, &prices),
            first_trial: plan.masked(),
            code_files,
        });
    }
    let text = || {
        let shown = all.iter().map(|Shown { first_trial, cost, code_files, .. }| {
            let mut sections = table(first_trial, &indexmap::IndexMap::new());
            sections.extend(code_files.as_ref().map(code_section));
            sections.push(cost.section(first_trial));
            sections_text(&context.printer, &sections)
        });
        Text::lines(shown.collect::<Vec<_>>())
    };
    match &all[..] {
        [one] => context.emit(one, text)?,
        many => context.emit(&many, text)?,
    }
    Ok(exit::OK)
}
