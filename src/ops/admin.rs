//! What an admin applies once: the files of `manifests/`, for a namespace and a user.

use crate::runtime::kubernetes::{AdminRole, ClusterScope};

/// The namespace that the files name.
const NAMESPACE: &str = "mlctl";
/// The user that the binding names.
const USER: &str = "USER";

const ROLES: &str = include_str!("../../manifests/roles.yaml");

const FILES: [&str; 4] = [
    include_str!("../../manifests/namespace.yaml"),
    ROLES,
    include_str!("../../manifests/limits.yaml"),
    include_str!("../../manifests/network.yaml"),
];

const CLEANUP: &str = include_str!("../../manifests/cleanup.yaml");

const BINDING: &str = include_str!("../../manifests/binding.yaml");

/// What is granted to one user.
#[derive(Clone, Copy, Debug)]
pub struct Grant<'a> {
    /// The user, as the cluster knows them.
    pub user: &'a str,
    /// The Role in the namespace.
    pub role: AdminRole,
    /// What of the whole cluster they see.
    pub scopes: &'a [ClusterScope],
    /// The namespace is there and stays as it is: nothing but Roles and bindings.
    pub alone: bool,
}

/// The files as documents of one YAML text, comments and all; with bindings where a user is named,
/// and a nightly clean-up where mlctl's own image is.
pub fn admin_manifests(namespace: &str, grant: Option<Grant<'_>>, cleanup: Option<&str>) -> String {
    let files = if grant.is_some_and(|grant| grant.alone) { &[ROLES][..] } else { &FILES[..] };
    let mut documents: Vec<String> = files.iter().map(|file| within(file, namespace)).collect();
    if let Some(Grant { user, role, scopes, .. }) = grant {
        documents.push(binding(namespace, user, role));
        for scope in scopes {
            documents.push(bound(file(*scope), user, scope.name()));
        }
    }
    if let Some(image) = cleanup {
        documents
            .push(within(CLEANUP, namespace).replace("image: IMAGE", &format!("image: {image}")));
    }
    documents.join("---\n")
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
fn binding(namespace: &str, user: &str, role: AdminRole) -> String {
    let text = within(BINDING, namespace);
    bound(&text.replace(AdminRole::Submitter.name(), role.name()), user, role.name())
}

/// A text with a binding of `role` to [`USER`], as one to this user.
fn bound(text: &str, user: &str, role: &str) -> String {
    let account = user.strip_prefix("system:serviceaccount:").and_then(|id| id.split_once(':'));
    let subject = if let Some((home, name)) = account {
        format!("- {{kind: ServiceAccount, namespace: {home}, name: {name}}}")
    } else {
        let user = serde_json::to_string(user).unwrap_or_default();
        format!("- {{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}")
    };
    // The user's name becomes a part of an object's name, which is a part of a URL.
    let plain: String = user.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let subjects = format!("- {{apiGroup: rbac.authorization.k8s.io, kind: User, name: {USER}}}");
    text.replace(&format!("{role}-{USER}"), &format!("{role}-{plain}")).replace(&subjects, &subject)
}

/// The file with a ClusterRole and its binding.
fn file(scope: ClusterScope) -> &'static str {
    match scope {
        ClusterScope::Nodes => include_str!("../../manifests/nodes.yaml"),
        ClusterScope::Pods => include_str!("../../manifests/pods.yaml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_in_the_namespace() {
        let text = admin_manifests(
            "team-a",
            Some(Grant {
                user: "ada@example.com",
                role: AdminRole::Viewer,
                scopes: &[ClusterScope::Nodes],
                alone: false,
            }),
            Some("r.example/m:1"),
        );
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
        let bot = "system:serviceaccount:ci:bot";
        let grant = Grant { user: bot, role: AdminRole::Tuner, scopes: &[], alone: true };
        let pipeline = admin_manifests("t", Some(grant), None);
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
}
