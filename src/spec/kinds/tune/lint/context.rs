//! All rules over one study.

use super::trial;
use crate::spec::kinds::train::{TrainJob, lint as train};
use crate::spec::kinds::tune::{Trial, TuneJob};
use crate::spec::kinds::{Part, Resolved};
use crate::spec::syntax::{Code, Diagnostic, SourceSpan, Spans, index_path, key_path};

/// All rules over a whole document. `accelerators` are the types of the settings.
pub(crate) fn document(job: &Resolved<TuneJob>, accelerators: &[String]) -> Vec<Diagnostic> {
    let study = head(&job.spec);
    let mut findings = train::check(&study, &job.spans, &job.from_env, accelerators, false);
    findings.extend(own(&job.spec, &job.spans));
    findings.extend(trial::document(job, accelerators));
    findings
}

/// The findings about a study that are true whatever the parts say that were left out.
pub(crate) fn check_part(job: &TuneJob, part: &Part<'_>) -> Vec<Diagnostic> {
    let mut findings = train::check_part(&head(job), part);
    findings.extend(own(job, part.spans).into_iter().filter(|finding| {
        looks_at(finding.code).is_some_and(|fields| {
            !fields.iter().any(|field| part.gaps.iter().any(|g| g.touches(field)))
        })
    }));
    if let Trial::Job(trial) = &job.trial {
        findings.extend(trial::part(trial, part));
    }
    findings
}

/// The fields that a study and a training run have in common; nothing is said of what it runs.
fn head(job: &TuneJob) -> TrainJob {
    TrainJob {
        image: Some(String::new()),
        name: job.name.clone(),
        labels: job.labels.clone(),
        ..TrainJob::default()
    }
}

fn own(job: &TuneJob, spans: &Spans) -> Vec<Diagnostic> {
    let mut lint = Lint { job, spans, findings: Vec::new() };
    lint.metrics();
    lint.parameters();
    lint.conditions();
    lint.limits();
    lint.early();
    lint.baselines();
    lint.collect();
    lint.findings
}

/// The fields that a rule looks at, besides the value that it points at; none for a rule that finds
/// something missing.
fn looks_at(code: Code) -> Option<&'static [&'static str]> {
    Some(match code {
        Code::DuplicateMetric
        | Code::BadMetricName
        | Code::BadParameterName
        | Code::BadStudyId
        | Code::ZeroTimeout
        | Code::BadRegex => &[],
        Code::BadRange | Code::ParameterType => &["parameters"],
        Code::BadCondition | Code::ConditionCycle | Code::ConditionsOverlap | Code::BadBaseline => {
            &["parameters", "baseline"]
        }
        Code::GridOfDoubles => &["parameters", "algorithm"],
        Code::ManyAtOnce => &["maxTrials", "parallelTrials"],
        Code::TooManyFailures => &["maxTrials", "maxFailedTrials"],
        Code::StoppingOption => &["maxTrials", "stopping", "earlyStopping", "metrics"],
        Code::CollectOption => &["collect"],
        _ => return None,
    })
}

/// A study under the rules, with what they have found so far. Each file of this folder adds rules.
pub(super) struct Lint<'a> {
    pub(super) job: &'a TuneJob,
    pub(super) spans: &'a Spans,
    findings: Vec<Diagnostic>,
}

impl Lint<'_> {
    pub(super) fn add(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// The path of a parameter's variant.
    pub(super) fn variant_path(&self, name: &str, index: usize) -> String {
        use crate::spec::kinds::tune::Parameter;
        let path = key_path("parameters", name);
        match self.job.parameters.get(name) {
            Some(Parameter::Several(_)) => index_path(&path, index),
            _ => path,
        }
    }

    /// Where a variant is written: by its parameter's key where there is one alone.
    pub(super) fn variant_span(&self, name: &str, index: usize) -> SourceSpan {
        self.spans.key(&self.variant_path(name, index))
    }
}
