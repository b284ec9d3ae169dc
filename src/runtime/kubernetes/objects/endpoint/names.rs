//! Names, labels, ports and paths of an endpoint's objects.

use crate::gang::RunId;

/// What a pod of an endpoint is: [`ROUTER`] or [`REPLICA`].
pub const PART: &str = "mlctl.dev/part";
/// Value of [`PART`] on pods that route and decide.
pub const ROUTER: &str = "router";
/// Value of [`PART`] on pods that answer.
pub const REPLICA: &str = "replica";
/// On the pods of a revision: the name of their Deployment.
pub const DEPLOYMENT: &str = "mlctl.dev/deployment";

/// The hidden verb that a router's container executes.
pub const ROUTER_VERB: &str = "serve-router";

/// The port of a router that callers use.
pub const ROUTER_PORT: u16 = 8080;
/// The port of a router for probes, metrics and the other routers.
pub const ADMIN_PORT: u16 = 8081;
/// The folder in a router's container with the certificate that callers see. Not below `/mlctl`, which is the
/// program in that image.
pub const TLS_DIR: &str = "/tls";

/// Variables by which a router learns which pod of which endpoint it is.
pub mod variable {
    /// The endpoint: the run that began it.
    pub const ENDPOINT: &str = "MLCTL_ENDPOINT";
    /// The pod's `metadata.name`.
    pub const POD: &str = "MLCTL_POD";
    /// The pod's `status.podIP`; also in the pods of replicas.
    pub const ADDRESS: &str = "MLCTL_POD_IP";
}

/// The ConfigMap with what the controller reads: `endpoint.json` and a definition for each revision.
pub fn documents_name(endpoint: &RunId) -> String {
    format!("{endpoint}-endpoint")
}

/// The ConfigMap in which the controller says how the endpoint is.
pub fn live_name(endpoint: &RunId) -> String {
    format!("{endpoint}-live")
}

/// The key of that.
pub const LIVE_KEY: &str = "live.json";

/// The first ConfigMap of the journal.
pub fn journal_name(endpoint: &RunId) -> String {
    format!("{endpoint}-journal-0")
}

/// The key of that.
pub const JOURNAL_KEY: &str = "journal.jsonl";

/// How many ConfigMaps a journal may fill: the routers may change those of these names alone.
pub const MAX_JOURNALS: usize = 10;

/// One of the ConfigMaps of the journal, which are counted from 0.
pub(crate) fn journal_page(endpoint: &RunId, page: usize) -> String {
    format!("{endpoint}-journal-{page}")
}

/// The version and kind of a Gateway's routes, which are no kind of Kubernetes' own.
pub const HTTP_ROUTE: (&str, &str) = ("gateway.networking.k8s.io/v1", "HTTPRoute");
