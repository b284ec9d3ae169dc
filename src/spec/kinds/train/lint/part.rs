//! The linter on a job of which some parts are wrong and left out.
//!
//! A late finding costs another try; a false one costs trust. So a rule speaks here only when all
//! that it looks at is there as it was written.

use super::context::check;
use crate::spec::kinds::Part;
use crate::spec::kinds::train::TrainJob;
use crate::spec::syntax::{Code, Diagnostic};

/// The findings about a job that are true whatever the parts say that were left out.
pub(crate) fn check_part(job: &TrainJob, part: &Part<'_>) -> Vec<Diagnostic> {
    let Part { spans, from_env, accelerators, gaps } = *part;
    let mut findings = check(job, spans, from_env, accelerators, false);
    findings.retain(|finding| {
        looks_at(finding.code)
            .is_some_and(|fields| !fields.iter().any(|field| gaps.iter().any(|g| g.touches(field))))
    });
    findings
}

/// The fields that a rule looks at, besides the values that it points at; none for a rule that
/// finds something missing, or is not known here.
fn looks_at(code: Code) -> Option<&'static [&'static str]> {
    Some(match code {
        // `UnknownField` and `WrongType` come from here only where a part is written as in a Pod.
        Code::BadName
        | Code::BadRoleName
        | Code::BadLabel
        | Code::BadEnvName
        | Code::BadObjectName
        | Code::BadArgumentName
        | Code::DashesTwice
        | Code::DuplicateEnv
        | Code::TwoValues
        | Code::TooLong
        | Code::EmptyPath
        | Code::Tilde
        | Code::UnknownPlaceholder
        | Code::BadUri
        | Code::BadPath
        | Code::DuplicatePath
        | Code::BadMountPath
        | Code::DuplicateVolume
        | Code::VolumeSource
        | Code::UnknownAccelerator
        | Code::ZeroTimeout
        | Code::TimeoutTooShort
        | Code::ManyRetries
        | Code::UnknownField
        | Code::WrongType => &[],
        // Something may be mounted, fetched or kept at `/gcs`.
        Code::GcsPath => &["volumes", "data", "output", "framework"],
        Code::LiteralSecret => &["valueFrom"],
        Code::OutsideCode => &["code"],
        Code::BadToleration => &["tolerations"],
        // A shell reads its words otherwise.
        Code::OneStringCommand
        | Code::EmptyCommand
        | Code::TwoWordsInOne
        | Code::NoDashes
        | Code::NoShell
        | Code::NotExpanded => &["command"],
        Code::RendezvousInArgs => &["command", "framework", "roles"],
        Code::LauncherAlone => &["command", "args", "framework", "roles"],
        Code::ReservedEnv | Code::TooManyReplicas => &["framework", "roles"],
        Code::UnknownRole
        | Code::UnusualRole
        | Code::RoleIsSingle
        | Code::RoleIsARank
        | Code::NeverComplete => &["framework"],
        Code::StrategyFramework => &["framework", "strategy"],
        Code::StrategyRoles => &["framework", "strategy", "roles"],
        _ => return None,
    })
}
