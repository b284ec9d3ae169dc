//! Quotas that are full, or about to be.

use std::collections::BTreeMap;

use super::finding::{Finding, Place};
use crate::text::quantity;

const CHECK: &str = "quota";

/// From here on the next runs are likely to be refused.
const NEARLY: f64 = 0.9;

/// A ResourceQuota, amounts as the cluster writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaFacts {
    /// Its name.
    pub name: String,
    /// The bounds.
    pub hard: BTreeMap<String, String>,
    /// What is taken.
    pub used: BTreeMap<String, String>,
}

/// What the smallest run takes: a Job with one pod as small as mlctl's own part of it.
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

/// Would the smallest run fit?
pub fn quota(namespace: &str, quotas: &[QuotaFacts]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for quota in quotas {
        let (mut full, mut near) = (Vec::new(), Vec::new());
        for (resource, hard) in &quota.hard {
            let used = quota.used.get(resource).map_or("0", String::as_str);
            let (Some(bound), Some(taken)) = (quantity(hard), quantity(used)) else { continue };
            let said = format!("{used} of {hard} {resource}");
            let least = smallest(resource);
            if least > 0.0 && taken + least > bound {
                full.push(said);
            } else if taken >= bound * NEARLY {
                near.push(said);
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
