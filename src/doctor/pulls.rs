//! Credentials with which nodes pull images.

use super::finding::{Finding, Place};

const CHECK: &str = "pull secrets";

/// What a Secret with credentials for registries turned out to be. The credentials themselves are
/// never kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullSecret {
    /// It can be used for these registries.
    Usable(Vec<String>),
    /// It is not there.
    Missing,
    /// It is of this type, which can't be used.
    Type(String),
    /// Its content can't be understood; why.
    Broken(String),
    /// This user may not look at it.
    Unseen,
}

/// Judges the Secrets, each by its name, with which pods of the namespace pull images. `account`
/// says for people whose they are.
pub fn pull_secrets(
    namespace: &str,
    account: &str,
    secrets: &[(String, PullSecret)],
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut usable = Vec::new();
    for (name, secret) in secrets {
        let what = match secret {
            PullSecret::Usable(registries) => {
                usable.push(format!("{name} ({})", registries.join(", ")));
                continue;
            }
            PullSecret::Unseen => {
                let what = format!("{name} is not looked at: the pod shows whether it is there");
                findings.push(Finding::skip(Place::Cluster, CHECK, what));
                continue;
            }
            PullSecret::Missing => format!("{name} of {account} is not there"),
            PullSecret::Type(found) => format!("{name} is of type {found}"),
            PullSecret::Broken(why) => format!("{name} can't be understood: {why}"),
        };
        findings.push(unusable(namespace, name, what));
    }
    if findings.is_empty() {
        findings.push(match usable.as_slice() {
            [] => Finding::ok(
                Place::Cluster,
                CHECK,
                format!("{account} has none: nodes pull with their own credentials"),
            ),
            usable => Finding::ok(Place::Cluster, CHECK, usable.join(", ")),
        });
    }
    findings
}

/// A finding for a Secret with which nodes can't pull.
fn unusable(namespace: &str, name: &str, what: String) -> Finding {
    Finding::warn(Place::Cluster, CHECK, what)
        .why("nodes pull without it: private images fail with ImagePullBackOff")
        .mend(format!(
            "kubectl create secret docker-registry {name} --namespace {namespace} \
             --docker-server=REGISTRY --docker-username=USER --docker-password=TOKEN"
        ))
}

/// Judges what the node of a pod `said` of pull secrets that it has not found, for users who may not
/// look at Secrets: the names are in brackets.
pub fn no_pull_secret(namespace: &str, said: &str) -> Finding {
    let names = said.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    let names = names.map_or("NAME", |(names, _)| names);
    let first = names.split(',').next().unwrap_or(names);
    unusable(namespace, first, format!("{names}: not there, says the pod's node"))
}

/// Says what a Secret is, by its type `kind` and its content. Only the names of registries leave
/// this function.
pub fn pull_secret(kind: &str, config: Option<&[u8]>) -> PullSecret {
    if kind != "kubernetes.io/dockerconfigjson" {
        return PullSecret::Type(kind.into());
    }
    let Some(config) = config else {
        return PullSecret::Broken("it has no key .dockerconfigjson".into());
    };
    let parsed: Result<serde_json::Value, _> = serde_json::from_slice(config);
    let Ok(value) = parsed else {
        // The message of the parser could quote a credential.
        return PullSecret::Broken("it is no JSON".into());
    };
    match value.get("auths").and_then(serde_json::Value::as_object) {
        Some(auths) if !auths.is_empty() => PullSecret::Usable(auths.keys().cloned().collect()),
        _ => PullSecret::Broken("it names no registry under `auths`".into()),
    }
}
