//! The linter on a job of which some parts are wrong and left out.
//!
//! A late finding costs another try; a false one costs trust. So a rule speaks here only when all
//! that it looks at is there as it was written.

use super::context::check;
use crate::spec::check::Gap;
use crate::spec::kinds::train::TrainJob;
use crate::spec::syntax::Diagnostic;
use crate::spec::syntax::Spans;

/// The findings about a job that are true whatever the parts say that were left out: `gaps`.
pub(crate) fn check_part(
    job: &TrainJob,
    spans: &Spans,
    from_env: &[String],
    accelerators: &[String],
    gaps: &[Gap],
) -> Vec<Diagnostic> {
    let mut findings = check(job, spans, from_env, accelerators, false);
    findings.retain(|finding| {
        looks_at(finding.code)
            .is_some_and(|fields| !fields.iter().any(|field| gaps.iter().any(|g| g.touches(field))))
    });
    findings
}

/// The fields that a rule looks at, besides the values that it points at; none for a rule that
/// finds something missing, or is not known here.
fn looks_at(code: &str) -> Option<&'static [&'static str]> {
    Some(match code {
        "bad-name" | "bad-role-name" | "bad-label" | "bad-env-name" | "bad-object-name"
        | "bad-argument-name" | "dashes-twice" | "duplicate-env" | "two-values" | "too-long"
        | "empty-path" | "tilde" | "unknown-placeholder" | "bad-uri" | "bad-path"
        | "duplicate-path" | "bad-mount-path" | "duplicate-volume" | "volume-source"
        | "unknown-accelerator" | "zero-timeout" | "timeout-too-short" | "many-retries"
        // Of parts that are written as in a Pod.
        | "unknown-field" | "wrong-type" => &[],
        // A volume may be mounted there.
        "gcs-path" => &["volumes"],
        "literal-secret" => &["valueFrom"],
        "outside-code" => &["code"],
        "bad-toleration" => &["tolerations"],
        // A shell reads its words otherwise.
        "one-string-command" | "empty-command" | "two-words-in-one" | "no-dashes" | "no-shell"
        | "not-expanded" => &["command"],
        "rendezvous-in-args" => &["command", "framework", "roles"],
        "reserved-env" | "too-many-replicas" => &["framework", "roles"],
        "unknown-role" | "unusual-role" | "role-is-single" | "role-is-a-rank"
        | "never-complete" => &["framework"],
        "strategy-framework" => &["framework", "strategy"],
        "strategy-roles" => &["framework", "strategy", "roles"],
        _ => return None,
    })
}
