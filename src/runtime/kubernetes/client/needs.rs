//! Permissions, and which of them the larger matters need.

/// One permission: a verb of Kubernetes on a resource of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    /// The API group; empty for the core group.
    pub(crate) group: &'static str,
    pub(crate) resource: &'static str,
    /// The subresource, such as `log`; empty for the resource itself.
    pub(crate) subresource: &'static str,
    pub(crate) verb: &'static str,
}

impl std::fmt::Display for Need {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.resource)?;
        if !self.subresource.is_empty() {
            write!(f, "/{}", self.subresource)?;
        }
        if self.group.is_empty() { Ok(()) } else { write!(f, ".{}", self.group) }
    }
}

/// A permission on a resource itself.
pub(super) const fn need(group: &'static str, resource: &'static str, verb: &'static str) -> Need {
    Need { group, resource, subresource: "", verb }
}

/// A permission on a subresource of the core group.
pub(super) const fn within(
    resource: &'static str,
    subresource: &'static str,
    verb: &'static str,
) -> Need {
    Need { group: "", resource, subresource, verb }
}

/// A permission on a subresource of `apps`.
const fn of_apps(resource: &'static str, subresource: &'static str, verb: &'static str) -> Need {
    Need { group: "apps", resource, subresource, verb }
}

/// The permissions that a submission needs which is followed to its end.
pub(crate) const SUBMIT: &[Need] = &[
    need("", "configmaps", "create"),
    need("", "configmaps", "get"),
    need("", "configmaps", "patch"),
    need("", "configmaps", "delete"),
    need("", "services", "create"),
    need("", "secrets", "create"),
    need("batch", "jobs", "create"),
    need("batch", "jobs", "list"),
    need("batch", "jobs", "watch"),
    need("", "pods", "list"),
    within("pods", "log", "get"),
];

/// What serving needs: the objects of an endpoint, and what its routers may do, since a Role can be made by
/// those alone who have all of its permissions.
pub(crate) const SERVE: &[Need] = &[
    need("", "configmaps", "create"),
    need("", "configmaps", "get"),
    need("", "configmaps", "list"),
    need("", "configmaps", "watch"),
    need("", "configmaps", "patch"),
    need("", "configmaps", "update"),
    need("", "configmaps", "delete"),
    need("", "secrets", "create"),
    need("", "services", "create"),
    need("", "services", "get"),
    need("", "services", "patch"),
    need("", "services", "delete"),
    need("", "serviceaccounts", "create"),
    need("", "serviceaccounts", "patch"),
    need("", "pods", "get"),
    need("", "pods", "list"),
    need("", "pods", "watch"),
    within("pods", "log", "get"),
    // `predict` reaches an endpoint from outside of the cluster so.
    within("pods", "portforward", "get"),
    need("apps", "deployments", "create"),
    need("apps", "deployments", "get"),
    need("apps", "deployments", "list"),
    need("apps", "deployments", "watch"),
    need("apps", "deployments", "patch"),
    need("apps", "deployments", "delete"),
    of_apps("deployments", "scale", "get"),
    of_apps("deployments", "scale", "list"),
    of_apps("deployments", "scale", "watch"),
    of_apps("deployments", "scale", "patch"),
    need("coordination.k8s.io", "leases", "create"),
    need("coordination.k8s.io", "leases", "get"),
    need("coordination.k8s.io", "leases", "patch"),
    need("coordination.k8s.io", "leases", "update"),
    need("rbac.authorization.k8s.io", "roles", "create"),
    need("rbac.authorization.k8s.io", "roles", "patch"),
    need("rbac.authorization.k8s.io", "rolebindings", "create"),
    need("rbac.authorization.k8s.io", "rolebindings", "patch"),
    need("policy", "poddisruptionbudgets", "create"),
    need("policy", "poddisruptionbudgets", "patch"),
    need("policy", "poddisruptionbudgets", "delete"),
    need("autoscaling", "horizontalpodautoscalers", "create"),
    need("autoscaling", "horizontalpodautoscalers", "patch"),
    need("autoscaling", "horizontalpodautoscalers", "delete"),
    need("networking.k8s.io", "ingresses", "create"),
    need("networking.k8s.io", "ingresses", "patch"),
    need("networking.k8s.io", "ingresses", "delete"),
    need("gateway.networking.k8s.io", "httproutes", "create"),
    need("gateway.networking.k8s.io", "httproutes", "patch"),
    need("gateway.networking.k8s.io", "httproutes", "delete"),
];
