//! What mlctl's verbs need of a cluster's permissions: the one list that is asked for, and that the
//! Roles of `manifests/roles.yaml` are held against.

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use kube::Api;
use kube::api::PostParams;

use super::api::Cluster;
pub(crate) use super::needs::{Need, SERVE, SUBMIT};
use super::needs::{need, within};
use super::roles::AdminRole;
use crate::doctor::MissingPermission;
use crate::runtime::ClusterError;

/// The permissions that one verb of mlctl needs, or several verbs that need the same.
pub(crate) struct Activity {
    /// The verbs, such as `train`.
    pub(crate) verbs: &'static [&'static str],
    /// The smallest Role that has all of these permissions.
    pub(crate) role: AdminRole,
    pub(crate) needs: &'static [Need],
}

/// Every verb that needs permissions. Nothing runs without the first one.
pub(crate) const ACTIVITIES: [Activity; 7] = [
    Activity {
        verbs: &["train", "batch-predict", "tune", "export"],
        role: AdminRole::Submitter,
        needs: SUBMIT,
    },
    Activity {
        // Of the whole cluster `gpus` sees what an admin's ClusterRoles show it beside the Role.
        verbs: &[
            "list", "status", "why", "wait", "logs", "cost", "state", "outputs", "evaluate", "gpus",
        ],
        role: AdminRole::Viewer,
        needs: &[
            need("", "configmaps", "get"),
            need("", "configmaps", "list"),
            need("batch", "jobs", "list"),
            need("batch", "jobs", "watch"),
            need("", "pods", "list"),
            need("", "pods", "watch"),
            within("pods", "log", "get"),
        ],
    },
    Activity {
        verbs: &["cancel"],
        role: AdminRole::Submitter,
        needs: &[
            need("", "configmaps", "patch"),
            within("pods", "portforward", "get"),
            need("batch", "jobs", "delete"),
            need("", "pods", "delete"),
        ],
    },
    Activity {
        verbs: &["serve", "traffic", "rollout", "rollback", "scale", "undeploy", "predict"],
        role: AdminRole::Server,
        needs: SERVE,
    },
    Activity {
        verbs: &["exec"],
        role: AdminRole::Submitter,
        needs: &[within("pods", "exec", "get")],
    },
    Activity {
        verbs: &["cleanup"],
        role: AdminRole::Submitter,
        needs: &[
            need("", "configmaps", "list"),
            need("", "services", "list"),
            need("batch", "jobs", "list"),
            need("", "pods", "list"),
            need("", "configmaps", "delete"),
            need("", "services", "delete"),
            need("batch", "jobs", "delete"),
            need("", "pods", "delete"),
        ],
    },
    Activity {
        verbs: &["doctor"],
        role: AdminRole::Submitter,
        needs: &[
            need("", "namespaces", "get"),
            need("batch", "jobs", "create"),
            need("batch", "jobs", "delete"),
            need("", "pods", "list"),
            need("", "events", "list"),
            need("", "resourcequotas", "list"),
            need("", "persistentvolumeclaims", "list"),
            need("", "serviceaccounts", "get"),
        ],
    },
];

/// Whoever may do this is somebody who serves, or who may do everything.
const MAKES_DEPLOYMENTS: Need = need("apps", "deployments", "create");

/// Every verb that reaches a cluster, with the smallest Role under which it does what it says.
pub fn roles_of_verbs() -> impl Iterator<Item = (&'static str, AdminRole)> {
    ACTIVITIES.iter().flat_map(|one| one.verbs.iter().map(|verb| (*verb, one.role)))
}

/// Those of some permissions that this user doesn't have.
pub(crate) async fn missing(cluster: &Cluster, needs: &[Need]) -> Result<Vec<Need>, ClusterError> {
    let allowed = allowed(cluster, needs).await?;
    let missing = needs.iter().zip(allowed).filter(|(_, allowed)| !allowed);
    Ok(missing.map(|(need, _)| *need).collect())
}

/// What each activity needs and this user doesn't have, and how many permissions were asked for.
pub(crate) async fn missing_by_activity(
    cluster: &Cluster,
) -> Result<(usize, Vec<MissingPermission>), ClusterError> {
    let mut asked: Vec<Need> = Vec::new();
    for need in ACTIVITIES.iter().flat_map(|activity| activity.needs) {
        if !asked.contains(need) {
            asked.push(*need);
        }
    }
    let allowed = allowed(cluster, &asked).await?;
    let denied: Vec<Need> =
        asked.iter().zip(allowed).filter(|(_, allowed)| !allowed).map(|(need, _)| *need).collect();
    let missing_of = |(at, activity): (usize, &Activity)| MissingPermission {
        activity: activity.verbs.join(", "),
        is_vital: at == 0,
        missing: activity
            .needs
            .iter()
            .filter(|need| denied.contains(need))
            .map(|need| format!("{} {need}", need.verb))
            .collect(),
        role: activity.role.word().into(),
    };
    // Serving has a Role of its own, which those who only run things don't need.
    let serves = asked.contains(&MAKES_DEPLOYMENTS) && !denied.contains(&MAKES_DEPLOYMENTS);
    let is_theirs = |(_, one): &(usize, &Activity)| serves || one.role != AdminRole::Server;
    let missing = ACTIVITIES.iter().enumerate().filter(is_theirs).map(missing_of);
    Ok((asked.len(), missing.filter(|one| !one.missing.is_empty()).collect()))
}

/// Whether the user has each of these permissions, in their order. All are asked for at once.
async fn allowed(cluster: &Cluster, needs: &[Need]) -> Result<Vec<bool>, ClusterError> {
    let api: Api<SelfSubjectAccessReview> = Api::all(cluster.client.clone());
    let asked = needs.iter().map(|need| {
        let review = review(*need, &cluster.location.namespace);
        let api = &api;
        async move {
            let params = PostParams::default();
            let answer = cluster.retry(|| api.create(&params, &review)).await;
            let answer = answer.map_err(|error| cluster.target.explain(error))?;
            Ok::<_, ClusterError>(answer.status.is_some_and(|status| status.allowed))
        }
    });
    futures::future::try_join_all(asked).await
}

/// The question for one permission.
fn review(need: Need, namespace: &str) -> SelfSubjectAccessReview {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                group: text(need.group),
                resource: text(need.resource),
                subresource: text(need.subresource),
                verb: text(need.verb),
                namespace: text(namespace),
                // Only the namespace itself is ever looked at.
                name: (need.resource == "namespaces").then(|| namespace.to_owned()),
                ..ResourceAttributes::default()
            }),
            non_resource_attributes: None,
        },
        ..SelfSubjectAccessReview::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The Roles of the file that admins apply, by name.
    fn roles() -> Vec<Value> {
        include_str!("../../../../manifests/roles.yaml")
            .split("\n---\n")
            .map(|document| serde_saphyr::from_str(document).unwrap())
            .collect()
    }

    fn has(list: &Value, word: &str) -> bool {
        list.as_array().unwrap().iter().any(|one| one == word)
    }

    /// Every verb but `create` may answer with the object itself, a deletion too.
    #[test]
    fn no_role_reads_secrets_or_has_everything() {
        for role in roles() {
            for rule in role["rules"].as_array().unwrap() {
                for list in ["apiGroups", "resources", "verbs"] {
                    assert!(!has(&rule[list], "*"), "{rule}");
                }
                if has(&rule["resources"], "secrets") {
                    assert_eq!(rule["verbs"], serde_json::json!(["create"]), "{rule}");
                }
            }
        }
    }

    /// An admin reads in the file which verbs a Role is for.
    #[test]
    fn each_role_says_which_verbs_it_is_for() {
        let file = include_str!("../../../../manifests/roles.yaml");
        for (verb, role) in roles_of_verbs() {
            let name = format!("\n  name: {}\n", role.name());
            let text = file.split("\n---\n").find(|text| text.contains(&name)).unwrap();
            let about = text.split("\napiVersion:").next().unwrap().replace("\n# ", " ");
            let words = about.split_once(':').unwrap().0.rsplit('\n').next().unwrap();
            let mut words = words.trim_start_matches(['#', ' ']).split(", ");
            assert!(words.any(|word| word == verb), "{verb} in {about}");
        }
    }

    /// What is asked of users and what admins give can't drift apart.
    #[test]
    fn each_role_has_what_its_verbs_need() {
        let roles = roles();
        for Activity { verbs, role, needs } in &ACTIVITIES {
            let role = roles.iter().find(|one| one["metadata"]["name"] == role.name()).unwrap();
            for need in *needs {
                let resource = match need.subresource {
                    "" => need.resource.to_owned(),
                    sub => format!("{}/{sub}", need.resource),
                };
                let allowed = role["rules"].as_array().unwrap().iter().any(|rule| {
                    has(&rule["apiGroups"], need.group)
                        && has(&rule["resources"], &resource)
                        && has(&rule["verbs"], need.verb)
                });
                assert!(allowed, "{verbs:?}: {} {need} in {}", need.verb, role["metadata"]["name"]);
            }
        }
    }
}
