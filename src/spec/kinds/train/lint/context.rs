//! The linter: all rules over one job, and what every rule needs.

use crate::spec::kinds::Resolved;
use crate::spec::kinds::train::{Args, EnvVar, Role, SecretUse, TrainJob, Volume};
use crate::spec::syntax::SourceSpan;
use crate::spec::syntax::{Code, Diagnostic, Severity};
use crate::spec::syntax::{Spans, key_path};
use crate::storage::Place;

/// What of a converted file is only warned of: the other system runs these as they are written.
const HABITS: [Code; 2] = [Code::OneStringCommand, Code::TwoWordsInOne];

/// All rules over a whole document. `accelerators` are the types of the settings.
pub(crate) fn document(job: &Resolved<TrainJob>, accelerators: &[String]) -> Vec<Diagnostic> {
    let foreign = job.converted_from.is_some();
    let mut findings = check(&job.spec, &job.spans, &job.from_env, accelerators, foreign);
    if foreign {
        for finding in findings.iter_mut().filter(|finding| HABITS.contains(&finding.code)) {
            finding.severity = Severity::Warning;
        }
    }
    findings
}

/// All rules over one job. `from_env` are the paths of values that came from the environment,
/// `accelerators` the types of the settings; a `foreign` job was converted from another system's
/// file.
pub(crate) fn check(
    job: &TrainJob,
    spans: &Spans,
    from_env: &[String],
    accelerators: &[String],
    foreign: bool,
) -> Vec<Diagnostic> {
    let mut lint = Lint { job, spans, from_env, accelerators, foreign, findings: Vec::new() };
    lint.names();
    lint.gang();
    lint.strategy();
    lint.commands();
    lint.environments();
    lint.places();
    lint.data();
    lint.stores();
    lint.pods();
    lint.push();
    lint.findings
}

/// A job under the rules, with what they have found so far. Each file of this folder adds rules.
pub(crate) struct Lint<'a> {
    pub(crate) job: &'a TrainJob,
    pub(crate) spans: &'a Spans,
    pub(crate) from_env: &'a [String],
    pub(crate) accelerators: &'a [String],
    pub(crate) foreign: bool,
    pub(crate) findings: Vec<Diagnostic>,
}

/// The fields that stand in the job as well as in a role: in one of the two.
pub(crate) struct Scope<'a> {
    /// Path of what they stand in: `""` for the job, or such as `roles.worker`.
    pub(crate) path: String,
    pub(crate) command: Option<&'a [String]>,
    pub(crate) args: Option<&'a Args>,
    pub(crate) env: &'a [EnvVar],
    pub(crate) secrets: &'a [SecretUse],
    pub(crate) volumes: &'a [Volume],
}

impl<'a> Lint<'a> {
    /// The job itself, then each role in the order of the file.
    pub(crate) fn scopes(&self) -> Vec<Scope<'a>> {
        let job = self.job;
        let mut scopes = vec![Scope {
            path: String::new(),
            command: job.command.as_deref(),
            args: Some(&job.args),
            env: &job.env,
            secrets: &job.secrets,
            volumes: &job.volumes,
        }];
        scopes.extend(job.roles.iter().map(|(name, role)| Scope {
            path: key_path("roles", name),
            command: role.command.as_deref(),
            args: role.args.as_ref(),
            env: &role.env,
            secrets: &role.secrets,
            volumes: &role.volumes,
        }));
        scopes
    }

    /// A role of the job, and where its key stands.
    pub(crate) fn role(&self, name: &str) -> Option<(&'a Role, SourceSpan)> {
        let role = self.job.roles.get(name)?;
        Some((role, self.spans.key(&key_path("roles", name))))
    }

    /// Replicas of all roles; a job without roles has one.
    pub(crate) fn total(&self) -> u64 {
        if self.job.roles.is_empty() {
            return 1;
        }
        self.job.roles.values().map(|role| u64::from(role.replicas)).sum()
    }

    /// A place that the job names at this path, with where it is written.
    pub(crate) fn located<'p>(&self, place: &'p Place, path: &str) -> (&'p Place, SourceSpan) {
        (place, self.spans.value(path))
    }

    pub(crate) fn add(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }
}
