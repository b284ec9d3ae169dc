//! The files of `manifests/`, for a namespace or one for each user.

use super::names::{AdminError, is_for_each, namespace};
use super::subject::{Subject, distinct};
use crate::runtime::kubernetes::{AdminRole, ClusterScope};

/// The namespace that the files name.
const NAMESPACE: &str = "mlctl";
/// What divides the documents of a file.
const DIVIDER: &str = "---\n";

const SPACE: &str = include_str!("../../../manifests/namespace.yaml");
const ROLES: &str = include_str!("../../../manifests/roles.yaml");
const LIMITS: &str = include_str!("../../../manifests/limits.yaml");
const NETWORK: &str = include_str!("../../../manifests/network.yaml");
const CLEANUP: &str = include_str!("../../../manifests/cleanup.yaml");
const TUNER: &str = include_str!("../../../manifests/tuner.yaml");
const BINDING: &str = include_str!("../../../manifests/binding.yaml");

/// What is granted to users and groups.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// The users, as the cluster knows them.
    pub users: &'a [String],
    /// The groups, whose members may do as much.
    pub groups: &'a [String],
    /// The Role in the namespace.
    pub role: AdminRole,
    /// What of the whole cluster they see.
    pub scopes: &'a [ClusterScope],
    /// The namespace is there and stays as it is: nothing but Roles and bindings.
    pub alone: bool,
}

/// The files as documents of one YAML text, comments and all; with bindings where users or groups are
/// named, and a nightly clean-up where mlctl's own image is. `for_namespace` is the namespace of all, or
/// has a `{user}`: then each user gets one of their own, with nothing in it that they don't need.
pub fn admin_manifests(
    for_namespace: &str,
    grant: Grant<'_>,
    cleanup: Option<&str>,
) -> Result<String, AdminError> {
    let Grant { users, groups, role, scopes, alone } = grant;
    let subjects = Subject::all(users, groups);
    let mut documents = Vec::new();
    let mut whole = |space: &str, roles: &[AdminRole], subjects: &[Subject<'_>]| {
        let texts = if alone { &[][..] } else { &[SPACE] };
        documents.extend(texts.iter().map(|text| within(text, space)));
        documents.extend(roles_of(roles).map(|text| within(text, space)));
        let texts = if alone { &[][..] } else { &[LIMITS, NETWORK] };
        documents.extend(texts.iter().map(|text| within(text, space)));
        if !alone && roles.contains(&AdminRole::Tuner) {
            documents.push(within(TUNER, space));
        }
        for subject in subjects {
            documents.push(binding(space, *subject, role)?);
        }
        if let Some(image) = cleanup {
            let image = format!("image: {image}");
            documents.push(within(CLEANUP, space).replace("image: IMAGE", &image));
        }
        Ok(())
    };
    distinct(&subjects)?;
    if is_for_each(for_namespace) {
        if let Some(group) = groups.first() {
            return Err(AdminError::GroupForEach(group.clone(), for_namespace.into()));
        }
        let mut roles = vec![role];
        // Who submits may leave a study's loop to the cluster.
        roles.extend((role == AdminRole::Submitter).then_some(AdminRole::Tuner));
        roles.extend(cleanup.filter(|_| role != AdminRole::Cleaner).map(|_| AdminRole::Cleaner));
        namespace(for_namespace, users.first().map(String::as_str))?;
        for user in users {
            whole(&namespace(for_namespace, Some(user))?, &roles, &[Subject::User(user)])?;
        }
    } else {
        whole(&namespace(for_namespace, None)?, &AdminRole::ALL, &subjects)?;
    }
    for scope in scopes {
        let (role, binding) = file(*scope).split_once(DIVIDER).unwrap_or_default();
        documents.push(role.into());
        for subject in &subjects {
            documents.push(subject.bound(binding, scope.name())?);
        }
    }
    Ok(documents.join(DIVIDER))
}

/// The Roles of the file that are meant, the file's words on all of them above the first.
fn roles_of(roles: &[AdminRole]) -> impl Iterator<Item = &'static str> {
    let names: Vec<String> =
        roles.iter().map(|role| format!("  name: {}\n", role.name())).collect();
    ROLES.split(DIVIDER).filter(move |text| names.iter().any(|name| text.contains(name)))
}

fn within(text: &str, namespace: &str) -> String {
    let mut in_namespace = false;
    let line = |line: &str| {
        if line.starts_with("kind:") {
            in_namespace = line == "kind: Namespace";
        }
        let named = format!("namespace: {NAMESPACE}");
        if in_namespace && line == format!("  name: {NAMESPACE}") {
            format!("  name: {namespace}\n")
        } else if line.trim() == named || line.contains(&format!("{named},")) {
            line.replace(&named, &format!("namespace: {namespace}")) + "\n"
        } else {
            format!("{line}\n")
        }
    };
    text.lines().map(line).collect()
}

/// The binding of a Role: the file names the submitter's.
fn binding(namespace: &str, subject: Subject<'_>, role: AdminRole) -> Result<String, AdminError> {
    let text = within(BINDING, namespace);
    subject.bound(&text.replace(AdminRole::Submitter.name(), role.name()), role.name())
}

/// The file with a ClusterRole and its binding.
fn file(scope: ClusterScope) -> &'static str {
    match scope {
        ClusterScope::Nodes => include_str!("../../../manifests/nodes.yaml"),
        ClusterScope::Pods => include_str!("../../../manifests/pods.yaml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn grant(users: &[String], role: AdminRole) -> Grant<'_> {
        Grant { users, groups: &[], role, scopes: &[], alone: false }
    }

    fn documents(text: &str) -> Vec<Value> {
        text.split(DIVIDER).map(|document| serde_saphyr::from_str(document).unwrap()).collect()
    }

    /// `kind namespace/name` of each document; a Namespace is in itself.
    fn listed(text: &str) -> Vec<String> {
        let all = documents(text);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let one = |object: &Value| {
            let meta = &object["metadata"];
            format!(
                "{} {}/{}",
                text(&object["kind"]),
                text(&meta["namespace"]),
                text(&meta["name"])
            )
        };
        all.iter().map(one).collect()
    }

    #[test]
    fn everything_is_in_the_namespace() {
        let users = ["ada@example.com".to_owned()];
        let see = Grant { scopes: &[ClusterScope::Nodes], ..grant(&users, AdminRole::Viewer) };
        let text = admin_manifests("team-a", see, Some("r.example/m:1")).unwrap();
        assert!(!text.contains("namespace: mlctl\n") && text.contains("name: team-a\n"), "{text}");
        assert!(
            !text.contains("namespace: mlctl,") && text.contains("image: r.example/m:1\n"),
            "{text}"
        );
        assert!(text.contains("name: mlctl-viewer-ada-example-com\n"), "{text}");
        assert!(text.contains("kind: Role, name: mlctl-viewer}"), "{text}");
        assert!(text.contains(r#"kind: User, name: "ada@example.com"}"#), "{text}");
        assert!(text.contains("name: mlctl-nodes-ada-example-com\n"), "{text}");
        assert!(text.contains("kind: ClusterRole, name: mlctl-nodes}"), "{text}");
        assert!(!text.contains("mlctl-pods"), "{text}");
        let bot = ["system:serviceaccount:ci:bot".to_owned()];
        let alone = Grant { alone: true, ..grant(&bot, AdminRole::Tuner) };
        let pipeline = admin_manifests("t", alone, None).unwrap();
        assert!(
            pipeline.contains("{kind: ServiceAccount, namespace: ci, name: bot}"),
            "{pipeline}"
        );
        assert!(
            pipeline.contains("name: mlctl-submitter\n")
                && !pipeline.contains("kind: ResourceQuota")
                && !pipeline.contains("pod-security"),
            "{pipeline}"
        );
    }

    #[test]
    fn a_namespace_for_each_user_has_all_that_they_need_and_no_more() {
        let users = ["ada".to_owned(), "bob".to_owned()];
        let see = Grant { scopes: &[ClusterScope::Nodes], ..grant(&users, AdminRole::Submitter) };
        let text = admin_manifests("ml-{user}", see, None).unwrap();
        let of = |user: &str| {
            [
                format!("Namespace /ml-{user}"),
                format!("Role ml-{user}/mlctl-submitter"),
                format!("Role ml-{user}/mlctl-tuner"),
                format!("ResourceQuota ml-{user}/mlctl"),
                format!("LimitRange ml-{user}/mlctl"),
                format!("NetworkPolicy ml-{user}/mlctl"),
                format!("NetworkPolicy ml-{user}/mlctl-routers"),
                format!("ServiceAccount ml-{user}/mlctl-tuner"),
                format!("RoleBinding ml-{user}/mlctl-tuner"),
                format!("RoleBinding ml-{user}/mlctl-submitter-{user}"),
            ]
        };
        let nodes = ["ClusterRole /mlctl-nodes", "ClusterRoleBinding /mlctl-nodes-ada"];
        let mut expected: Vec<String> = of("ada").into_iter().chain(of("bob")).collect();
        expected.extend(nodes.map(str::to_owned));
        expected.push("ClusterRoleBinding /mlctl-nodes-bob".into());
        assert_eq!(listed(&text), expected);
        let of_user = |object: &&Value| {
            object["kind"] == "RoleBinding" && object["metadata"]["name"] != "mlctl-tuner"
        };
        for object in documents(&text).iter().filter(of_user) {
            let home = format!("ml-{}", object["subjects"][0]["name"].as_str().unwrap());
            assert_eq!(object["metadata"]["namespace"], home, "nobody else is bound there");
            assert_eq!(object["subjects"].as_array().unwrap().len(), 1);
        }
        let nightly = admin_manifests("ml-{user}", see, Some("r.example/m:1")).unwrap();
        assert!(listed(&nightly).contains(&"Role ml-bob/mlctl-cleaner".into()), "{nightly}");
        assert!(listed(&nightly).contains(&"CronJob ml-bob/mlctl-cleanup".into()), "{nightly}");
    }

    #[test]
    fn users_who_share_a_namespace_have_a_binding_each() {
        let users = ["ada".to_owned(), "bob".to_owned()];
        let text = admin_manifests("ml", grant(&users, AdminRole::Submitter), None).unwrap();
        let listed = listed(&text);
        let count = |what: &str| listed.iter().filter(|one| one.starts_with(what)).count();
        assert_eq!((count("Namespace "), count("Role "), count("RoleBinding ")), (1, 5, 3));
        let same = ["ada@b".to_owned(), "ada-b".to_owned()];
        let refused = admin_manifests("ml", grant(&same, AdminRole::Viewer), None);
        assert_eq!(refused, Err(AdminError::Same("ada@b".into(), "ada-b".into())));
        let nobody = admin_manifests("ml-{user}", grant(&[], AdminRole::Viewer), None);
        assert_eq!(nobody, Err(AdminError::Nobody("ml-{user}".into())));
    }

    #[test]
    fn groups_are_bound_beside_users() {
        let users = ["ada".to_owned(), "system:serviceaccount:ci:bot".to_owned()];
        let groups = ["ada".to_owned(), "oidc:ML team/eu".to_owned()];
        let both = Grant { groups: &groups, ..grant(&users, AdminRole::Viewer) };
        let text =
            admin_manifests("ml", Grant { scopes: &[ClusterScope::Pods], ..both }, None).unwrap();
        let all = documents(&text);
        let bound = |kind: &str, name: &str| {
            let is_meant = |one: &&Value| one["kind"] == kind && one["metadata"]["name"] == name;
            let found = all.iter().find(is_meant).unwrap_or_else(|| panic!("{name} in {text}"));
            assert_eq!(found["subjects"].as_array().unwrap().len(), 1);
            let subject = &found["subjects"][0];
            (subject["kind"].as_str().unwrap(), subject["name"].as_str().unwrap())
        };
        for (kind, role) in [("RoleBinding", "mlctl-viewer"), ("ClusterRoleBinding", "mlctl-pods")]
        {
            let bound = |whose: &str| bound(kind, &format!("{role}-{whose}"));
            assert_eq!(bound("ada"), ("User", "ada"));
            assert_eq!(bound("system-serviceaccount-ci-bot"), ("ServiceAccount", "bot"));
            assert_eq!(bound("group:ada"), ("Group", "ada"));
            assert_eq!(bound("group:oidc-ML-team-eu"), ("Group", "oidc:ML team/eu"));
        }
        let each = admin_manifests("ml-{user}", both, None);
        assert_eq!(each, Err(AdminError::GroupForEach("ada".into(), "ml-{user}".into())));
        for wrong in ["", " a", "a\tb", "system:serviceaccount:ci:bot"] {
            let groups = [wrong.to_owned()];
            let refused = admin_manifests(
                "ml",
                Grant { groups: &groups, ..grant(&[], AdminRole::Viewer) },
                None,
            );
            assert_eq!(refused, Err(AdminError::Group(wrong.into())));
        }
    }
}
