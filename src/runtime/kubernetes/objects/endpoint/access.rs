//! Whom the routers of an endpoint are for the cluster, and what they may do there: what they need for
//! this endpoint, by the names of its objects wherever Kubernetes can tell objects by their names.

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};

use super::names::{MAX_JOURNALS, documents_name, journal_page, live_name};
use crate::plan::{EndpointPods, Plan};
use crate::runtime::kubernetes::objects::{ManifestContext, meta};

/// The account that the routers' pods run as.
pub(super) fn account(plan: &Plan, context: &ManifestContext) -> ServiceAccount {
    ServiceAccount {
        metadata: meta(plan, context, plan.head.run.to_string()),
        // Only the pods that say so get its token.
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

/// What that account may do.
pub(super) fn role(plan: &Plan, context: &ManifestContext, service: &EndpointPods) -> Role {
    let run = &plan.head.run;
    let mut written = vec![live_name(run)];
    written.extend((0..MAX_JOURNALS).map(|page| journal_page(run, page)));
    let deployments: Vec<String> =
        service.revisions.iter().map(|one| one.deployment.to_string()).collect();
    let scaled = &["deployments", "deployments/scale"];
    let rules = vec![
        rule("", &["configmaps"], &["get"], vec![run.to_string()]),
        // A list is allowed only where it asks for one of the names, as a watch's first one does.
        rule("", &["configmaps"], &["get", "list", "watch"], vec![documents_name(run)]),
        rule("", &["configmaps"], &["get", "list", "watch", "patch", "update"], written),
        // What is made has no name yet: a further page of the journal.
        rule("", &["configmaps"], &["create"], Vec::new()),
        rule(
            "coordination.k8s.io",
            &["leases"],
            &["get", "patch", "update"],
            vec![run.to_string()],
        ),
        rule("apps", scaled, &["get", "list", "watch", "patch"], deployments),
        // Pods have names that nobody foresees, and no rule can be about labels: the routers see those of
        // the whole namespace, and may do nothing to them.
        rule("", &["pods"], &["get", "list", "watch"], Vec::new()),
    ];
    Role { metadata: meta(plan, context, run.to_string()), rules: Some(rules) }
}

/// Gives the account that Role.
pub(super) fn binding(plan: &Plan, context: &ManifestContext) -> RoleBinding {
    let run = plan.head.run.to_string();
    RoleBinding {
        metadata: meta(plan, context, run.clone()),
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".into(),
            kind: "Role".into(),
            name: run.clone(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".into(),
            name: run,
            // A binding in no namespace goes to that of whoever applies it; its subject can't.
            namespace: Some(context.namespace.clone()).filter(|name| !name.is_empty()),
            api_group: None,
        }]),
    }
}

/// Adds Deployments to those that may be scaled.
pub(super) fn keep(role: &mut Role, deployments: &[String]) {
    let rules = role.rules.iter_mut().flatten();
    let of_deployments = |rule: &&mut PolicyRule| {
        rule.resources.iter().flatten().any(|resource| resource == "deployments")
    };
    for names in rules.filter(of_deployments).filter_map(|rule| rule.resource_names.as_mut()) {
        names.extend_from_slice(deployments);
        names.sort_unstable();
        names.dedup();
    }
}

fn rule(group: &str, resources: &[&str], verbs: &[&str], names: Vec<String>) -> PolicyRule {
    let all = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    PolicyRule {
        api_groups: Some(vec![group.to_owned()]),
        resources: Some(all(resources)),
        resource_names: (!names.is_empty()).then_some(names),
        verbs: all(verbs),
        non_resource_urls: None,
    }
}
