//! What the words of clusters and of programs mean for whoever reads them.

use crate::event::WaitingReason;

/// What helps where an image can't be pulled.
pub(super) const PULL: &str =
    "check the name in `image`, and that the cluster may pull it (`imagePullSecrets`)";

const FULL_DISK: &str = "a disk is full: free some space, or write to another place";

/// Words of programs that could not reach what they asked over the network, in lower case.
const AWAY: &[&str] = &[
    "temporary failure in name resolution",
    "name or service not known",
    "could not resolve host",
    "failed to establish a new connection",
    "network is unreachable",
    "connection refused",
    "connection timed out",
    "connecttimeouterror",
    "proxyerror",
    "dns error",
    "error sending request",
];

/// Words of pip and uv where they have not got a package, whatever the reason.
const NO_PACKAGE: &[&str] = &[
    "no matching distribution",
    "could not find a version",
    "failed to fetch",
    "request failed after",
    "not found in the package registry",
];

const NO_INDEX: &str = "the index of packages could not be reached: check the network where the run is, its \
                        proxy (HTTPS_PROXY) and its index (PIP_INDEX_URL, UV_INDEX_URL); the versions may be \
                        right";

/// An installer found no package because it could reach no index. It says both, and only the first is the
/// cause.
pub(super) fn no_index(lines: &[String]) -> Option<String> {
    let has = |words: &[&str]| {
        lines.iter().any(|line| {
            let line = line.to_lowercase();
            words.iter().any(|word| line.contains(word))
        })
    };
    (has(AWAY) && has(NO_PACKAGE)).then(|| NO_INDEX.to_owned())
}

/// What a line of output means: parts that must all be in it, in lower case, and the advice.
const SIGNS: &[(&[&str], &str)] = &[
    (
        &["modulenotfounderror"],
        "add the missing module to the requirements (`setup.python.requirements`) or the image",
    ),
    (&["no space left on device"], FULL_DISK),
    (&["disk quota exceeded"], FULL_DISK),
    (&["address already in use"], "another process has the port: use the port that mlctl gives"),
    (&["no matching distribution"], "pip found no such package for this Python: check the version"),
    (&["could not find a version"], "pip found no such version: check the requirements"),
    (&["temporary failure in name resolution"], "a name did not resolve: check the network"),
    (&["failed to pull image"], PULL),
    (
        &["must specify ", "limits.cpu"],
        "a quota of the namespace wants a limit for the CPU: give every role `cpu`; mlctl sets the limit \
         where it may list quotas, else write it in `podPatch`: {spec: {containers: [{name: main, \
         resources: {limits: {cpu: 1}}}], initContainers: [{name: mlctl, resources: {limits: {cpu: 1}}}]}}",
    ),
    (
        &["must specify "],
        "a quota of the namespace wants that said: give every role `cpu` and `memory`",
    ),
    (
        &[" usage per "],
        "a LimitRange of the namespace doesn't allow it: change `cpu`, `memory` or `accelerators` to what \
         it allows",
    ),
    (
        &["serviceaccount", "not found"],
        "there is no such service account in the namespace: make it, or correct `serviceAccount`",
    ),
    (
        &["runtimeclass", "not found"],
        "the cluster has no such RuntimeClass: correct it in `podPatch`",
    ),
    (
        &["no runtime for"],
        "the node doesn't know that runtime class: choose nodes that do, or correct it in `podPatch`",
    ),
    (
        &["multi-attach error"],
        "another node has the volume: use a claim that is ReadWriteMany, or keep the pods on one node",
    ),
    (
        &["secret", "not found"],
        "there is no such Secret in the namespace: make it, or correct its name",
    ),
    (
        &["configmap", "not found"],
        "there is no such ConfigMap in the namespace: make it, or correct its name",
    ),
    (
        &["exceeded quota"],
        "the namespace's quota doesn't allow it: ask for less, end other runs, ask for a larger quota, \
         or use another namespace",
    ),
    (
        &["persistentvolumeclaim", "not found"],
        "there is no such claim in the namespace: make it, or name another in `output`, `data` or \
         `volumes`",
    ),
    (
        &["violates podsecurity"],
        "the namespace refuses such pods: set `security` to what it allows, or use another one",
    ),
    (
        &["runasnonroot", "run as root"],
        "the image runs as root: set `security: root`, or USER in it",
    ),
    (&["must run as non-root"], "the image runs as root: set `security: root`, or USER in it"),
    (&["permission denied"], "a file or folder may not be used: see the path in the last lines"),
    (
        &["unrecognized arguments"],
        "the script doesn't know an argument: compare `args` with what it parses",
    ),
];

/// What helps against what keeps a pod from starting; `None` where the cluster's own sentence is all
/// that is known.
pub(super) fn block(reason: &WaitingReason) -> Option<&'static str> {
    Some(match reason {
        WaitingReason::Unschedulable => {
            "no node has room: ask for less (`cpu`, `memory`, `accelerators`), free some, or add \
             nodes; a node's taints need `tolerations`"
        }
        WaitingReason::ErrImagePull | WaitingReason::ImagePullBackOff => PULL,
        WaitingReason::InvalidImageName => "correct the name in `image`",
        WaitingReason::FailedCreate => {
            "the cluster refuses the pods: see its words, or ask who set that rule"
        }
        WaitingReason::Queued => "the queue has no room: wait, or ask its administrator",
        WaitingReason::Other(word) => match word.as_str() {
            "CreateContainerConfigError" => {
                "a Secret, ConfigMap or user that the pod names is not there, or not allowed: see \
                 its words"
            }
            "FailedMount" | "FailedAttachVolume" | "FailedMapVolume" => {
                "a volume can't be mounted: check that what it names exists and may be used there"
            }
            "FailedCreatePodSandBox" => {
                "the node can't make the pod: show its words to whoever runs the nodes"
            }
            _ => return None,
        },
        _ => return None,
    })
}

/// The same for what failed before an agent ran. What a container said at last may hold any of the
/// other words.
const BEFORE_AGENT: &[(&[&str], &str)] = &[
    (
        &["the init container `", "which brings mlctl"],
        "the init container could not bring mlctl in: check `runnerImage`",
    ),
    (
        &["the init container `", "ended with exit code"],
        "an init container failed that `podPatch` or a webhook of the cluster adds: its words say why",
    ),
    (
        &["could not start the container", "nvidia-container-cli"],
        "the node's GPU driver or container toolkit is at fault: show these words to whoever runs the \
         nodes, or choose others with `nodeSelector`",
    ),
    (
        &["could not start the container"],
        "the container runtime says why: check `image`, and what `podPatch` changes",
    ),
];

/// What helps where something failed before the agent ran; `None` when these words don't say so.
pub(super) fn before_agent(words: &[String]) -> Option<String> {
    words.iter().rev().find_map(|words| {
        let words = words.to_lowercase();
        let known =
            BEFORE_AGENT.iter().find(|(parts, _)| parts.iter().all(|part| words.contains(part)));
        known.map(|(_, advice)| (*advice).to_owned())
    })
}

pub(super) fn sign(lines: &[String]) -> Option<String> {
    sign_in(lines, true)
}

/// What helps against what the last telling line says, where a spec names code or none.
pub(super) fn sign_in(lines: &[String], has_code: bool) -> Option<String> {
    if let Some(advice) = before_agent(lines).or_else(|| no_index(lines)) {
        return Some(advice);
    }
    lines.iter().rev().find_map(|line| {
        let line = line.to_lowercase();
        let known = SIGNS.iter().find(|(parts, _)| parts.iter().all(|part| line.contains(part)));
        let is_missing = || line.contains("no such file or directory");
        let missing = if has_code {
            "a file is missing: paths are relative to `code`, and only files in it travel"
        } else {
            "a file is missing, and the spec names no `code` that it could be in: add `code: .` for \
             the files beside the spec"
        };
        known.map(|(_, advice)| *advice).or_else(|| is_missing().then_some(missing)).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_not_wrong_where_no_index_was_reached() {
        let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let away = lines(&[
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(\"Failed to \
             establish a new connection: [Errno -3] Temporary failure in name resolution\")'",
            "ERROR: Could not find a version that satisfies the requirement torch (from versions: none)",
            "ERROR: No matching distribution found for torch",
        ]);
        assert_eq!(sign(&away).as_deref(), Some(NO_INDEX));
        let wrong = lines(&["ERROR: No matching distribution found for torhc"]);
        assert!(sign(&wrong).is_some_and(|advice| advice.contains("check the version")));
        let server = lines(&["ConnectionRefusedError: [Errno 111] Connection refused"]);
        assert_eq!(sign(&server), None);
    }
}
