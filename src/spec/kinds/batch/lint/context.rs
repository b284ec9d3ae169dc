//! All rules over one job.

use crate::spec::kinds::batch::BatchPredictJob;
use crate::spec::kinds::train::{TrainJob, lint as train};
use crate::spec::kinds::{Part, Resolved};
use crate::spec::syntax::{Code, Diagnostic, Spans};

/// All rules over a whole document. `accelerators` are the types of the settings.
pub(crate) fn document(
    job: &Resolved<BatchPredictJob>,
    accelerators: &[String],
) -> Vec<Diagnostic> {
    let foreign = job.converted_from.is_some();
    let workers = workers(&job.spec);
    let mut findings = train::check(&workers, &job.spans, &job.from_env, accelerators, foreign);
    findings.extend(own(&job.spec, &job.spans));
    findings
}

/// The findings about a job that are true whatever the parts say that were left out.
pub(crate) fn check_part(job: &BatchPredictJob, part: &Part<'_>) -> Vec<Diagnostic> {
    let mut findings = train::check_part(&workers(job), part);
    findings.extend(own(job, part.spans).into_iter().filter(|finding| {
        looks_at(finding.code).is_some_and(|field| !part.gaps.iter().any(|gap| gap.touches(field)))
    }));
    findings
}

/// The job's replicas; what they run has rules of its own.
fn workers(job: &BatchPredictJob) -> TrainJob {
    TrainJob { image: Some(String::new()), ..job.workers() }
}

fn own(job: &BatchPredictJob, spans: &Spans) -> Vec<Diagnostic> {
    let mut lint = Lint { job, spans, findings: Vec::new() };
    lint.server();
    lint.files();
    lint.rows();
    lint.findings
}

/// The field that a rule looks at; none for a rule that finds something missing.
fn looks_at(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::BadUri | Code::Tilde | Code::BadPath | Code::BadEndpoint => "",
        Code::UnknownPlaceholder | Code::EmptyCommand | Code::NoGrpc => "model",
        Code::InstanceFields => "instances",
        Code::TwoServers => "endpoint",
        _ => return None,
    })
}

/// A job under the rules, with what they have found so far. Each file of this folder adds rules.
pub(super) struct Lint<'a> {
    pub(super) job: &'a BatchPredictJob,
    pub(super) spans: &'a Spans,
    findings: Vec<Diagnostic>,
}

impl Lint<'_> {
    pub(super) fn add(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }
}
