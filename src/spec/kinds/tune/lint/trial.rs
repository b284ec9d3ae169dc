//! The trial: a TrainJob under its own rules, and what it makes of the parameters.

use indexmap::IndexMap;

use super::passing::Passing;
use crate::spec::kinds::train::{TrainJob, lint as train};
use crate::spec::kinds::tune::space::{references, substituted};
use crate::spec::kinds::tune::{Trial, TuneJob};
use crate::spec::kinds::{Part, Resolved};
use crate::spec::syntax::{Code, Diagnostic, Spans};

/// The field of a study with its trial.
const TRIAL: &str = "trial";

/// All rules over the trial of a whole study.
pub(super) fn document(study: &Resolved<TuneJob>, accelerators: &[String]) -> Vec<Diagnostic> {
    let (job, spans) = match &study.spec.trial {
        Trial::File(file) => match &file.job {
            Some(job) => ((**job).clone(), job.spans.clone()),
            // Who has not read the file says nothing of it.
            None => return Vec::new(),
        },
        Trial::Job(job) => {
            let spans = study.spans.below(TRIAL);
            let of_trial = |path: &String| path.strip_prefix("trial.").map(str::to_owned);
            let job = Resolved {
                spec: (**job).clone(),
                spans: spans.clone(),
                from_env: study.from_env.iter().filter_map(of_trial).collect(),
                source: study.source,
                index: study.index,
                converted_from: study.converted_from,
                code_beside: study.code_beside,
            };
            (job, spans)
        }
    };
    let sample = Resolved { spec: sample(&job.spec), ..job.clone() };
    let mut findings = train::document(&sample, accelerators);
    if job.spec.push.is_some() {
        findings.push(
            Diagnostic::error(Code::BadModel, "nobody follows a trial who would push its model")
                .at(job.spans.key("push"), "")
                .help("push the best one when the study has ended: `mlctl models push RUN NAME`"),
        );
    }
    findings.extend(Passing { study: &study.spec, trial: &job.spec, spans: &spans }.check());
    findings
}

/// The rules over a trial in place, in a study of which some parts are wrong and left out.
pub(super) fn part(trial: &TrainJob, part: &Part<'_>) -> Vec<Diagnostic> {
    let gaps: Vec<_> = part.gaps.iter().filter_map(|gap| gap.below(TRIAL)).collect();
    // Nothing is there that could be looked at.
    let lacks = |gap: &crate::spec::check::Gap| {
        gap.path() == TRIAL || (gap.path().is_empty() && gap.touches(TRIAL))
    };
    if part.gaps.iter().any(lacks) {
        return Vec::new();
    }
    let of_trial = |path: &String| path.strip_prefix("trial.").map(str::to_owned);
    let from_env: Vec<String> = part.from_env.iter().filter_map(of_trial).collect();
    let spans: Spans = part.spans.below(TRIAL);
    let accelerators = part.accelerators;
    let inner = Part { spans: &spans, from_env: &from_env, accelerators, gaps: &gaps };
    train::check_part(&sample(trial), &inner)
}

/// The job as a trial might run it, for rules that look at texts.
fn sample(trial: &TrainJob) -> TrainJob {
    let Ok(value) = serde_json::to_value(trial) else { return trial.clone() };
    let names = references(&value);
    if names.is_empty() {
        return trial.clone();
    }
    let values: IndexMap<String, String> =
        names.into_iter().map(|reference| (reference.name, "0".to_owned())).collect();
    serde_json::from_value(substituted(&value, &values)).unwrap_or_else(|_| trial.clone())
}
