//! Claims, in which models and data of runs lie.

use super::finding::{Finding, Place};

const CHECK: &str = "claims";

/// What the checks need of a PersistentVolumeClaim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimFacts {
    /// The name of the claim.
    pub name: String,
    /// `Bound`, `Pending` or `Lost`.
    pub phase: String,
    /// The class that it names; `None` when it names none.
    pub class: Option<String>,
}

/// What the checks need of a StorageClass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassFacts {
    /// The name of the class.
    pub name: String,
    /// Claims that name no class get this one.
    pub is_default: bool,
    /// A volume is made only when a pod uses the claim, so that claims wait until then.
    pub waits_for_pod: bool,
}

/// Judges whether `output: pvc://...` and `data` can be mounted. `classes` is `None` where this
/// user may not list them.
pub fn claims(
    namespace: &str,
    claims: &[ClaimFacts],
    classes: Option<&[ClassFacts]>,
) -> Vec<Finding> {
    let class_of = |claim: &ClaimFacts| {
        let classes = classes?;
        classes.iter().find(|class| match &claim.class {
            Some(name) => class.name == *name,
            None => class.is_default,
        })
    };
    let mut findings = Vec::new();
    for claim in claims {
        let name = &claim.name;
        let describe = format!("kubectl describe pvc {name} --namespace {namespace}");
        match claim.phase.as_str() {
            "Lost" => findings.push(
                Finding::warn(Place::Cluster, CHECK, format!("{name} is Lost: its volume is gone"))
                    .why("pods that mount it never start, and what was in it is not reachable")
                    .mend(describe),
            ),
            "Pending" if class_of(claim).is_some_and(|class| class.waits_for_pod) => {}
            "Pending" => findings.push(
                Finding::warn(Place::Cluster, CHECK, format!("{name} is Pending"))
                    .why("pods that mount it wait until it has a volume")
                    .mend(describe),
            ),
            _ => {}
        }
    }
    if let Some(classes) = classes
        && !classes.iter().any(|class| class.is_default)
    {
        let names: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
        let what = match names.as_slice() {
            [] => "the cluster has no StorageClass".to_owned(),
            names => format!("no StorageClass is the default; there are {}", names.join(", ")),
        };
        findings.push(Finding::skip(Place::Cluster, CHECK, what));
    }
    if findings.is_empty() {
        let what = match claims.len() {
            0 => format!("{namespace} has none"),
            count => format!("{count} in {namespace}, none Lost or stuck"),
        };
        findings.push(Finding::ok(Place::Cluster, CHECK, what));
    }
    findings
}
