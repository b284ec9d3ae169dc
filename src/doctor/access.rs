//! What a user may do, by mlctl's verbs.

use super::finding::{Finding, Place, Trouble};

const CHECK: &str = "permissions";

/// What one verb of mlctl lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPermission {
    /// The verb, such as `train`.
    pub activity: String,
    /// Nothing runs without it.
    pub is_vital: bool,
    /// Permissions, as `create jobs.batch`.
    pub missing: Vec<String>,
    /// The word of the smallest Role that has all of it.
    pub role: String,
}

/// Judges what a user lacks of `asked` permissions.
pub fn permissions(
    user: &str,
    namespace: &str,
    asked: usize,
    lacks: &[MissingPermission],
) -> Vec<Finding> {
    if lacks.is_empty() {
        let what = format!("{user} has the {asked} that mlctl's verbs ask for");
        return vec![Finding::ok(Place::Cluster, CHECK, what)];
    }
    let (vital, other): (Vec<&MissingPermission>, Vec<&MissingPermission>) =
        lacks.iter().partition(|lack| lack.is_vital);
    let mut findings = Vec::new();
    let grant = |lack: &MissingPermission| {
        format!(
            "mlctl cluster manifests --for-namespace {namespace} --user {user} --role {} \
             --roles-only | \
             kubectl apply -f -",
            lack.role
        )
    };
    for lack in &vital {
        findings.push(
            Finding::fail(
                Place::Cluster,
                CHECK,
                format!("{} lacks {}", lack.activity, lack.missing.join(", ")),
            )
            .why(format!(
                "{user} can't start runs in {namespace}; the Role mlctl-{} has it, and an admin \
                 gives it",
                lack.role
            ))
            .mend(grant(lack))
            .of(Trouble::Refused),
        );
    }
    // One that lacks everything needs no list of it.
    if let Some(first) = vital.first().filter(|_| other.len() > 2) {
        let names: Vec<&str> = other.iter().map(|lack| lack.activity.as_str()).collect();
        let what = format!("{} lack some, too", names.join(", "));
        findings.push(
            Finding::warn(Place::Cluster, CHECK, what)
                .why("these verbs fail, or do only a part of what they say")
                // The Role of those who start runs has all of it.
                .mend(grant(first)),
        );
        return findings;
    }
    for lack in other {
        let what = format!("{} lacks {}", lack.activity, lack.missing.join(", "));
        findings.push(
            Finding::warn(Place::Cluster, CHECK, what)
                .why(format!("that verb fails; the Role mlctl-{} has it", lack.role))
                .mend(grant(lack)),
        );
    }
    findings
}
