//! Which of mlctl's verbs a user has the permissions for.

use super::finding::{Finding, Place, Trouble};

const CHECK: &str = "permissions";

/// `train lacks create jobs.batch`, or `train, tune lack create jobs.batch`.
fn lacks(activity: &MissingPermission) -> String {
    let lack = if activity.activity.contains(',') { "lack" } else { "lacks" };
    format!("{} {lack} {}", activity.activity, activity.missing.join(", "))
}

/// The permissions that one verb of mlctl needs and a user doesn't have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPermission {
    /// The verb, or several that need the same, such as `train`.
    pub activity: String,
    /// Nothing runs without this verb.
    pub is_vital: bool,
    /// The permissions, each as a verb of Kubernetes and a resource, such as `create jobs.batch`.
    pub missing: Vec<String>,
    /// The word by which options name the smallest Role that has all of them.
    pub role: String,
}

/// Judges which permissions are missing of the `asked` ones that mlctl's verbs need.
pub fn permissions(
    user: &str,
    namespace: &str,
    asked: usize,
    missing: &[MissingPermission],
) -> Vec<Finding> {
    if missing.is_empty() {
        let what = format!("{user} has the {asked} that mlctl's verbs ask for");
        return vec![Finding::ok(Place::Cluster, CHECK, what)];
    }
    let (vital, other): (Vec<&MissingPermission>, Vec<&MissingPermission>) =
        missing.iter().partition(|one| one.is_vital);
    let mut findings = Vec::new();
    let grant = |missing: &MissingPermission| {
        format!(
            "mlctl cluster manifests --for-namespace {namespace} --user {user} --role {} \
             --roles-only | \
             kubectl apply -f -",
            missing.role
        )
    };
    for activity in &vital {
        findings.push(
            Finding::fail(
                Place::Cluster,
                CHECK,
                lacks(activity),
            )
            .why(format!(
                "{user} can't start runs in {namespace}; the Role mlctl-{} has it, and an admin \
                 gives it",
                activity.role
            ))
            .mend(grant(activity))
            .of(Trouble::Refused),
        );
    }
    // A user who may do nothing needs no list of each verb.
    if let Some(first) = vital.first().filter(|_| other.len() > 2) {
        let names: Vec<&str> = other.iter().map(|one| one.activity.as_str()).collect();
        let what = format!("{} lack some, too", names.join(", "));
        findings.push(
            Finding::warn(Place::Cluster, CHECK, what)
                .why("these verbs fail, or do only a part of what they say")
                // The Role of those who start runs has all of it.
                .mend(grant(first)),
        );
        return findings;
    }
    for activity in other {
        findings.push(
            Finding::warn(Place::Cluster, CHECK, lacks(activity))
                .why(format!("without it that fails; the Role mlctl-{} has it", activity.role))
                .mend(grant(activity)),
        );
    }
    findings
}
