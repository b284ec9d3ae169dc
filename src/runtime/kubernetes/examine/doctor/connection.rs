//! Why a cluster can't be talked to, each reason with its own next step.

use crate::doctor::{Finding, Place, Trouble};
use crate::runtime::ClusterError;

const CHECK: &str = "connection";

/// The finding for a kubeconfig that can't be read, or a first request that failed.
pub fn not_connected(error: &ClusterError) -> Finding {
    // A place in a broken file has lines of its own, which `kubectl config view` shows too.
    let said = error.to_string().lines().next().unwrap_or_default().trim_end().to_owned();
    let fail = |check: &str| Finding::fail(Place::Cluster, check, said.clone());
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

/// The command that chooses a context: the first one there, if there is any.
fn use_context(first: Option<&String>) -> String {
    format!("kubectl config use-context {}", first.map_or("NAME", String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_of_not_connecting_has_its_own_next_step() {
        let context = || "prod".to_owned();
        let server = || "https://192.0.2.1:6443".to_owned();
        let cases = [
            (ClusterError::NoKubeconfig(vec!["/home/a/.kube/config".into()]), Trouble::Start),
            (ClusterError::NoContext(vec![]), Trouble::Start),
            (ClusterError::UnknownContext { context: context(), near: vec![] }, Trouble::Start),
            (
                ClusterError::UnknownContext { context: context(), near: vec!["prod-1".into()] },
                Trouble::Start,
            ),
            (
                ClusterError::Unreachable {
                    context: context(),
                    server: server(),
                    reason: "connection refused".into(),
                },
                Trouble::Unreachable,
            ),
            (
                ClusterError::Certificate {
                    context: context(),
                    server: server(),
                    reason: "expired".into(),
                },
                Trouble::Unreachable,
            ),
            (
                ClusterError::Unauthorized { context: context(), reason: "Unauthorized".into() },
                Trouble::Refused,
            ),
            (
                ClusterError::ExecPlugin {
                    context: context(),
                    command: "login-tool token".into(),
                    said: "log in".into(),
                },
                Trouble::Refused,
            ),
        ];
        let mut mends = Vec::new();
        for (error, kind) in cases {
            let finding = not_connected(&error);
            assert!(finding.fails() && finding.trouble == kind, "{finding:?}");
            assert!(finding.why.is_some() && finding.mend.is_some(), "{finding:?}");
            mends.push(finding.mend);
        }
        mends.sort();
        mends.dedup();
        assert_eq!(mends.len(), 8, "no two are mended in the same way: {mends:#?}");
    }
}
