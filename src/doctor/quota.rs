//! Quotas that are full, or about to be.

use std::collections::BTreeMap;

use super::finding::{Finding, Place};
use crate::text::quantity;

const CHECK: &str = "quota";

/// A quota that is used by more than this share will probably refuse the next runs.
const NEARLY_FULL: f64 = 0.9;

/// A ResourceQuota, with amounts as the cluster writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaFacts {
    /// The name of the quota.
    pub name: String,
    /// The bounds, by resource.
    pub hard: BTreeMap<String, String>,
    /// How much is taken, by resource; a resource that is missing is not used.
    pub used: BTreeMap<String, String>,
}

/// How much of a resource the smallest run takes: a Job with one pod that is as small as mlctl's
/// own part of it. It is 0 for a resource that such a run doesn't need.
fn smallest(resource: &str) -> f64 {
    match resource {
        "pods" | "count/pods" | "count/jobs.batch" | "count/services" | "services"
        | "count/secrets" | "secrets" => 1.0,
        "configmaps" | "count/configmaps" => 2.0,
        "cpu" | "requests.cpu" | "limits.cpu" => 0.2,
        "memory" | "requests.memory" | "limits.memory" => 64.0 * 1024.0 * 1024.0,
        _ => 0.0,
    }
}

/// Judges whether the smallest run would fit into the quotas.
pub fn quota(namespace: &str, quotas: &[QuotaFacts]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for quota in quotas {
        let (mut full, mut near) = (Vec::new(), Vec::new());
        for (resource, hard) in &quota.hard {
            let used = quota.used.get(resource).map_or("0", String::as_str);
            let (Some(bound), Some(taken)) = (quantity(hard), quantity(used)) else { continue };
            let usage = format!("{used} of {hard} {resource}");
            let least = smallest(resource);
            if least > 0.0 && taken + least > bound {
                full.push(usage);
            } else if taken >= bound * NEARLY_FULL {
                near.push(usage);
            }
        }
        let name = &quota.name;
        if !full.is_empty() {
            let what = format!("{name} is full: {}", full.join(", "));
            findings.push(
                Finding::fail(Place::Cluster, CHECK, what)
                    .why("the cluster makes no pod of a new run until something ends")
                    .mend(format!("mlctl cleanup --namespace {namespace}")),
            );
        } else if !near.is_empty() {
            let what = format!("{name} is nearly full: {}", near.join(", "));
            findings.push(
                Finding::warn(Place::Cluster, CHECK, what)
                    .why("runs that ask for more are refused")
                    .mend(format!("kubectl describe quota {name} --namespace {namespace}")),
            );
        }
    }
    if findings.is_empty() {
        let what = match quotas {
            [] => "there is none".to_owned(),
            [one] => format!("{} has room", one.name),
            many => format!("{} quotas have room", many.len()),
        };
        findings.push(Finding::ok(Place::Cluster, CHECK, what));
    }
    findings
}
