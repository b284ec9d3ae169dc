//! Why a cluster can't be talked to, each reason with its own next step.

use super::finding::{Finding, Place, Trouble};
use crate::runtime::ClusterError;

const CHECK: &str = "connection";

/// The first request, or reading the kubeconfig, failed.
pub fn connection(error: &ClusterError) -> Finding {
    let fail = |check: &str| Finding::fail(Place::Cluster, check, error.to_string());
    match error {
        ClusterError::NoKubeconfig(_) => fail("kubeconfig")
            .why("it says where the cluster is and who you are")
            .mend("export KUBECONFIG=FILE"),
        ClusterError::Kubeconfig(_) => fail("kubeconfig")
            .why("it says where the cluster is and who you are")
            .mend("kubectl config view"),
        ClusterError::NoContext(known) => fail("context")
            .why("mlctl doesn't guess where runs go")
            .mend(use_context(known.first())),
        ClusterError::UnknownContext { context, near } => Finding::fail(
            Place::Cluster,
            "context",
            match near.as_slice() {
                [] => format!("the kubeconfig has no context `{context}`, and no other"),
                near => {
                    format!("the kubeconfig has no context `{context}`; it has {}", near.join(", "))
                }
            },
        )
        .why("a context is a cluster and a user; without one nothing can be asked")
        .mend(match near.first() {
            Some(near) => format!("mlctl doctor --context {near}"),
            None => "kubectl config get-contexts".into(),
        }),
        ClusterError::Unreachable { server, .. } => fail(CHECK)
            .why("nothing can be submitted or followed; what runs there goes on")
            .mend(format!("curl -k {server}/version   # VPN, proxy, firewall?"))
            .of(Trouble::Unreachable),
        ClusterError::Certificate { .. } => fail(CHECK)
            .why("somebody else may answer there, or the kubeconfig is of an older cluster")
            .mend("kubectl config view --minify   # certificate-authority: fetch it anew")
            .of(Trouble::Unreachable),
        ClusterError::Unauthorized { .. } => fail("credentials")
            .why("the cluster doesn't know who asks: most often a token has expired")
            .mend("kubectl auth whoami   # log in again with your cluster's command line")
            .of(Trouble::Refused),
        ClusterError::ExecPlugin { command, .. } => fail("credentials")
            .why("the kubeconfig asks this program for credentials, and it gave none")
            .mend(command.clone())
            .of(Trouble::Refused),
        ClusterError::Forbidden { .. } => fail("credentials")
            .why("the cluster knows the user and doesn't let it ask anything")
            .mend("kubectl auth whoami")
            .of(Trouble::Refused),
        _ => fail(CHECK)
            .why("the cluster answers, and not as a Kubernetes API server does")
            .mend("kubectl version"),
    }
}

fn use_context(first: Option<&String>) -> String {
    format!("kubectl config use-context {}", first.map_or("NAME", String::as_str))
}
