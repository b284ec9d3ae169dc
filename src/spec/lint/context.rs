//! What every rule needs.

use super::super::diagnostic::Diagnostic;
use super::super::node::{Spans, key_path};
use super::super::source::SourceSpan;
use super::super::types::{Args, EnvVar, Role, SecretUse, TrainJob, Volume};

/// All rules over one job. `from_env` are the paths of values that came from the environment,
/// `accelerators` the types of the settings; a `foreign` job was converted from another system's
/// file.
pub fn check(
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
    lint.pods();
    lint.findings
}

pub(super) struct Lint<'a> {
    pub(super) job: &'a TrainJob,
    pub(super) spans: &'a Spans,
    pub(super) from_env: &'a [String],
    pub(super) accelerators: &'a [String],
    pub(super) foreign: bool,
    pub(super) findings: Vec<Diagnostic>,
}

/// What may be said for the whole job and for a role alike.
pub(super) struct Scope<'a> {
    /// `""` or `roles.worker`.
    pub(super) path: String,
    pub(super) command: Option<&'a [String]>,
    pub(super) args: Option<&'a Args>,
    pub(super) env: &'a [EnvVar],
    pub(super) secrets: &'a [SecretUse],
    pub(super) volumes: &'a [Volume],
}

impl<'a> Lint<'a> {
    /// The job and each role.
    pub(super) fn scopes(&self) -> Vec<Scope<'a>> {
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
    pub(super) fn role(&self, name: &str) -> Option<(&'a Role, SourceSpan)> {
        let role = self.job.roles.get(name)?;
        Some((role, self.spans.key(&key_path("roles", name))))
    }

    /// Replicas of all roles; a job without roles has one.
    pub(super) fn total(&self) -> u64 {
        if self.job.roles.is_empty() {
            return 1;
        }
        self.job.roles.values().map(|role| u64::from(role.replicas)).sum()
    }

    pub(super) fn add(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }
}
