//! Credentials with which nodes pull images.

use super::finding::{Finding, Place};

const CHECK: &str = "pull secrets";

/// What a Secret of credentials for registries turned out to be. No credential is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullSecret {
    /// It can be used, for these registries.
    Usable(Vec<String>),
    /// It is not there.
    Missing,
    /// It is of another type.
    Type(String),
    /// Its content can't be understood.
    Broken(String),
    /// This user may not look at it.
    Unseen,
}

/// The Secrets that pods of the namespace pull with, by name; `account` is whose they are.
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
                let what = format!("{name} is there or not: this user may not look at it");
                findings.push(Finding::skip(Place::Cluster, CHECK, what));
                continue;
            }
            PullSecret::Missing => format!("{name} of {account} is not there"),
            PullSecret::Type(found) => format!("{name} is of type {found}"),
            PullSecret::Broken(why) => format!("{name} can't be understood: {why}"),
        };
        findings.push(
            Finding::warn(Place::Cluster, CHECK, what)
                .why("nodes pull without it: private images fail with ImagePullBackOff")
                .mend(format!(
                    "kubectl create secret docker-registry {name} --namespace {namespace} \
                     --docker-server=REGISTRY --docker-username=USER --docker-password=TOKEN"
                )),
        );
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

/// What the content of a Secret is. Names of registries leave this function, and nothing else.
pub fn pull_secret(kind: &str, config: Option<&[u8]>) -> PullSecret {
    if kind != "kubernetes.io/dockerconfigjson" {
        return PullSecret::Type(kind.into());
    }
    let Some(config) = config else {
        return PullSecret::Broken("it has no key .dockerconfigjson".into());
    };
    let parsed: Result<serde_json::Value, _> = serde_json::from_slice(config);
    let Ok(value) = parsed else {
        // The parser's words could quote what is in it.
        return PullSecret::Broken("it is no JSON".into());
    };
    match value.get("auths").and_then(serde_json::Value::as_object) {
        Some(auths) if !auths.is_empty() => PullSecret::Usable(auths.keys().cloned().collect()),
        _ => PullSecret::Broken("it names no registry under `auths`".into()),
    }
}
