//! Claims: where models and data of runs lie.

use super::finding::{Finding, Place};

const CHECK: &str = "claims";

/// A PersistentVolumeClaim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimFacts {
    /// Its name.
    pub name: String,
    /// `Bound`, `Pending` or `Lost`.
    pub phase: String,
    /// Its class, if it names one.
    pub class: Option<String>,
}

/// A StorageClass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClassFacts {
    /// Its name.
    pub name: String,
    /// Claims that name none get this one.
    pub is_default: bool,
    /// A volume is made when the first pod uses it.
    pub waits_for_pod: bool,
}

/// Can `output: pvc://...` and `data` be mounted? `classes` is `None` where they may not be listed.
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
