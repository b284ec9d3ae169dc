//! What kind of cluster it is, and what its namespace takes.

use super::finding::{Finding, Place};
use crate::spec::Security;

/// The oldest minor version of Kubernetes 1 whose Jobs do all that a gang needs: a success policy
/// and a back-off limit per index.
const OLDEST: u32 = 31;

/// What an API server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// The version as it writes it, such as `v1.34.4`.
    pub version: String,
    /// The major and minor version, without what clouds append; `None` when they can't be read.
    pub number: Option<(u32, u32)>,
    /// The address at which it answers.
    pub server: String,
}

/// Judges whether the API server is new enough.
pub fn version(facts: &ServerFacts) -> Finding {
    let ServerFacts { version, number, server } = facts;
    match number {
        Some((1, minor)) if *minor < OLDEST => Finding::fail(
            Place::Cluster,
            "version",
            format!("{version} at {server}"),
        )
        .why(format!(
            "Jobs there lack success policies or limits per index; 1.{OLDEST} is the oldest \
                     that has both"
        ))
        .mend("kubectl config get-contexts   # another cluster, or have this one upgraded"),
        Some(_) => Finding::ok(Place::Cluster, "version", format!("{version} at {server}")),
        None => Finding::warn(Place::Cluster, "version", format!("`{version}` at {server}"))
            .why("it can't be told whether it is new enough")
            .mend("kubectl version"),
    }
}

/// What a namespace says of the pods that it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceFacts {
    /// The name of the namespace.
    pub name: String,
    /// The value of its label `pod-security.kubernetes.io/enforce`; `None` without that label.
    pub enforce: Option<String>,
    /// It is being deleted.
    pub is_going: bool,
}

/// Judges whether a namespace takes pods with this `security`.
pub fn namespace(facts: &NamespaceFacts, security: Security) -> Finding {
    const CHECK: &str = "namespace";
    let NamespaceFacts { name, enforce, is_going } = facts;
    if *is_going {
        return Finding::fail(Place::Cluster, CHECK, format!("{name} is being deleted"))
            .why("nothing can be made in it any more")
            .mend("mlctl doctor --namespace NAME");
    }
    let level = enforce.as_deref().unwrap_or("privileged");
    let wanted = word(security);
    // What `root` adds to `baseline`, the standard of that name takes.
    if level != "restricted" || !matches!(security, Security::Baseline | Security::Root) {
        let what = format!("{name} enforces {level}, which takes `security: {wanted}`");
        return Finding::ok(Place::Cluster, CHECK, what);
    }
    let what = format!("{name} enforces {level}, which refuses `security: {wanted}`");
    Finding::fail(Place::Cluster, CHECK, what)
        .why("its admission makes no pod that asks for more than its Pod Security Standard")
        .mend(format!(
            "kubectl label namespace {name} --overwrite \
             pod-security.kubernetes.io/enforce=baseline"
        ))
}

/// The word by which specs name a security.
pub fn word(security: Security) -> &'static str {
    match security {
        Security::Restricted => "restricted",
        Security::Baseline => "baseline",
        Security::Root => "root",
        Security::Openshift => "openshift",
    }
}

/// Kueue, as far as a namespace sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KueueFacts {
    /// The API server serves Kueue's API.
    pub is_installed: bool,
    /// The names of the LocalQueues of the namespace; `None` where this user may not list them.
    pub queues: Option<Vec<String>>,
}

/// Judges whether a spec can name a `queue`.
pub fn kueue(namespace: &str, facts: &KueueFacts) -> Finding {
    const CHECK: &str = "kueue";
    match (facts.is_installed, &facts.queues) {
        (false, _) => {
            Finding::skip(Place::Cluster, CHECK, "is not installed; specs can't name a `queue`")
        }
        (true, None) => {
            Finding::skip(Place::Cluster, CHECK, "is there; this user may not list its queues")
        }
        (true, Some(queues)) if queues.is_empty() => Finding::warn(
            Place::Cluster,
            CHECK,
            format!("is there, and {namespace} has no LocalQueue"),
        )
        .why("a run whose spec names a `queue` waits for ever")
        .mend(format!("kubectl get localqueues --all-namespaces   # none is in {namespace}")),
        (true, Some(queues)) => {
            Finding::ok(Place::Cluster, CHECK, format!("queues: {}", queues.join(", ")))
        }
    }
}
