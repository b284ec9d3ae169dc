//! `mlctl tune best`: the winner of a study, as a table or as the job that it ran.

use super::target::StudyTarget;
use super::trials::report_of;
use crate::cli::{CliError, Context, ErrorKind, Format, exit};
use crate::spec::check::MASK;
use crate::spec::{to_yaml, written};
use crate::store::now;
use crate::text::line_of;
use crate::ui::{Text, trials_table};
use crate::work::tune::{Chooser, TrialReport, job_with};
use std::fmt::Write;

/// Arguments of `tune best`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
With -o yaml it is a TrainJob that runs what the best trial ran, with the code as it
is now; secrets in its variables come from those of their names. With several metrics
there is one for each trial that no other one beats.

Examples:
  mlctl tune best
  mlctl tune best digits-search -o yaml > best.yaml && mlctl train best.yaml
  mlctl tune best digits-search -o json | jq '.trials[0].params'")]
pub struct BestArgs {
    /// The study
    pub study: Option<String>,
}

/// The best trials.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    study: &'a str,
    trials: Vec<&'a TrialReport>,
}

/// Prints the best trial, or those of the Pareto front.
pub(super) fn best(context: &Context, args: &BestArgs) -> Result<u8, CliError> {
    let target = context.study(args.study.as_deref())?;
    let report = report_of(context, &target).without_curves();
    let trials: Vec<&TrialReport> =
        report.best.iter().filter_map(|number| report.trial(*number)).collect();
    if trials.is_empty() {
        let message = format!("no trial of {} has a result yet", report.study);
        return Err(CliError::new(ErrorKind::NotFound, message)
            .hint(format!("see what its trials are doing: mlctl tune trials {}", report.study)));
    }
    if context.format == Format::Yaml {
        context.printer.data(&jobs(&target, &trials)?)?;
        return Ok(exit::OK);
    }
    let document = Document { schema_version: 1, study: &report.study, trials };
    context.emit(&document, || {
        let table = trials_table(&report, &document.trials, now()).render(&context.printer);
        Text::lines([table])
    })?;
    if context.format == Format::Table {
        context.printer.hint(format!(
            "the job that it ran: mlctl tune best {} -o yaml; its files: mlctl status {}",
            report.study,
            document.trials[0].run.as_ref().map_or("RUN", |run| run.as_str())
        ));
    }
    Ok(exit::OK)
}

/// The jobs of trials as specs, one document each. Their code is the user's folder again, wherever they
/// are read; what is secret in them comes from variables of the same names.
fn jobs(target: &StudyTarget, trials: &[&TrialReport]) -> Result<String, CliError> {
    let document = &target.document;
    let chooser = Chooser::new(document)?;
    let mut texts = Vec::new();
    for trial in trials {
        let mut job = job_with(document, &chooser.values(&trial.params)?)?.job;
        let code = document.code.as_ref().map(|code| code.starting_at(&document.base));
        job.code = code.or(job.code);
        let mut job = written(&job);
        let of_roles = job.roles.values_mut().flat_map(|role| &mut role.env);
        for variable in of_roles.chain(&mut job.env) {
            if variable.value.as_deref() == Some(MASK) {
                variable.value = Some(format!("${{{}}}", variable.name));
            }
        }
        let text =
            to_yaml(&job).map_err(|error| CliError::new(ErrorKind::Internal, error.to_string()))?;
        // A document in a cluster may be anybody's, and a name with a line end would end the comment.
        let values = line_of(&trial.values_text(&document.spec.metrics));
        let mut head = format!("# Trial {} of {}: {values}\n", trial.trial, document.study);
        if document.code.is_some() {
            let copy = target.paths.code();
            let _ = writeln!(head, "# It ran a copy of the code: {}", copy.display());
        }
        if text.contains(MASK) {
            head += "# *** stands for a secret: put it in before this runs.\n";
        }
        texts.push(head + &text);
    }
    Ok(texts.join("---\n"))
}
