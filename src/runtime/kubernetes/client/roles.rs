//! The Roles that an admin gives: which of them allows what, and their names in `manifests/`.

/// What none but endpoints have, and whoever serves may make.
const OF_ENDPOINTS: [&str; 9] = [
    "deployments",
    "serviceaccounts",
    "roles",
    "rolebindings",
    "leases",
    "poddisruptionbudgets",
    "horizontalpodautoscalers",
    "ingresses",
    "httproutes",
];

/// A Role of `manifests/roles.yaml`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdminRole {
    /// May do everything with runs.
    #[default]
    Submitter,
    /// May do what endpoints need, beside what a viewer may.
    Server,
    /// May do what a pipeline needs that tunes: its studies submit runs from within the cluster.
    Tuner,
    /// May look at runs and change nothing.
    Viewer,
    /// May remove runs that have ended.
    Cleaner,
}

impl AdminRole {
    /// All Roles of the file.
    pub const ALL: [Self; 5] =
        [Self::Submitter, Self::Server, Self::Tuner, Self::Viewer, Self::Cleaner];

    /// The name of the Role in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Submitter => "mlctl-submitter",
            Self::Server => "mlctl-server",
            Self::Tuner => "mlctl-tuner",
            Self::Viewer => "mlctl-viewer",
            Self::Cleaner => "mlctl-cleaner",
        }
    }

    /// The word by which options of the command line name it.
    pub fn word(self) -> &'static str {
        self.name().strip_prefix("mlctl-").unwrap_or_default()
    }

    /// The smallest Role that allows this verb on this resource.
    pub fn with(verb: &str, resource: &str) -> Self {
        let plain = resource.split(['.', '/']).next().unwrap_or_default();
        match verb {
            "create" | "patch" | "update" if OF_ENDPOINTS.contains(&plain) => Self::Server,
            "delete" => Self::Cleaner,
            "get" | "list" | "watch"
                if !["pods/exec", "pods/portforward", "namespaces"].contains(&resource) =>
            {
                Self::Viewer
            }
            _ => Self::Submitter,
        }
    }
}

/// What of the whole cluster a user may look at beside a Role of the namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterScope {
    /// The nodes of the cluster, which have the accelerators.
    Nodes,
    /// The pods of all namespaces, which use the accelerators.
    Pods,
}

impl ClusterScope {
    /// The name of the ClusterRole in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nodes => "mlctl-nodes",
            Self::Pods => "mlctl-pods",
        }
    }

    /// The word by which options of the command line name it.
    pub fn word(self) -> &'static str {
        self.name().strip_prefix("mlctl-").unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_role_is_named() {
        assert_eq!(AdminRole::with("list", "jobs.batch"), AdminRole::Viewer);
        assert_eq!(AdminRole::with("delete", "jobs.batch"), AdminRole::Cleaner);
        assert_eq!(AdminRole::with("create", "jobs.batch"), AdminRole::Submitter);
        assert_eq!(AdminRole::with("create", "secrets"), AdminRole::Submitter);
        assert_eq!(AdminRole::with("patch", "deployments.apps"), AdminRole::Server);
        assert_eq!(AdminRole::with("list", "deployments.apps"), AdminRole::Viewer);
    }
}
