//! How a pod failed before mlctl's agent ran in it.

use std::fmt;

use k8s_openapi::api::core::v1::{ContainerState, ContainerStateTerminated, PodStatus};

use super::pod_status::{container, disruption};
use super::reason::Waiting;
use crate::event::WaitingReason;
use crate::gang::TerminationMessage;
use crate::runtime::kubernetes::objects::{INIT, MAIN};

/// The kubelet's words for a container whose process the node could not start.
const NOT_STARTED: [&str; 3] = ["StartError", "ContainerCannotRun", "RunContainerError"];

/// The exit codes of a process that could not be started. No agent exits with one of them.
pub(crate) const NOT_STARTED_CODES: std::ops::RangeInclusive<i32> = 126..=128;

/// At most so many characters of what a container said at last are told: the end says most.
const WORDS_LIMIT: usize = 1000;

/// A container of a pod that failed, so that the agent was never started there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailedStart {
    /// The name of the container.
    pub(crate) container: String,
    /// It is an init container, mlctl's own or one that others have added.
    pub(crate) is_init: bool,
    /// Its exit code.
    pub(crate) code: i32,
    /// The kubelet's word, such as `StartError`; may be empty.
    pub(crate) reason: String,
    /// What it said at last, or its node about it; empty where that is not known.
    pub(crate) words: String,
}

impl FailedStart {
    /// Reads it from a pod's status; `None` when nothing has failed before the agent ran.
    pub(super) fn of(status: &PodStatus) -> Option<Self> {
        // Whoever ends a pod from outside ends its containers too.
        if disruption(status).is_some() {
            return None;
        }
        let main = container(status, MAIN);
        let state = main.and_then(|main| main.state.as_ref());
        if let Some(ended) = state.and_then(|state| state.terminated.as_ref()) {
            let found = Self::new(MAIN, false, ended);
            return is_not_started(ended).then_some(found);
        }
        if state.is_some_and(|state| state.running.is_some()) {
            return None;
        }
        let failed = |state: Option<&ContainerState>| {
            let ended = state?.terminated.clone()?;
            (ended.exit_code != 0).then_some(ended)
        };
        status.init_container_statuses.iter().flatten().find_map(|one| {
            // One that is started again and again waits in between.
            let waits = one.state.as_ref().is_some_and(|state| state.waiting.is_some());
            let before = || failed(one.last_state.as_ref().filter(|_| waits));
            let ended = failed(one.state.as_ref()).or_else(before)?;
            Some(Self::new(&one.name, true, &ended))
        })
    }

    fn new(container: &str, is_init: bool, ended: &ContainerStateTerminated) -> Self {
        Self {
            container: container.into(),
            is_init,
            code: ended.exit_code,
            reason: ended.reason.clone().unwrap_or_default(),
            words: last_words(ended.message.as_deref().unwrap_or_default()),
        }
    }

    /// The same as what keeps its pod, and the one that replaces it, from starting.
    pub(crate) fn waiting(&self) -> Waiting {
        let reason = if self.is_init {
            WaitingReason::InitFailed
        } else {
            WaitingReason::from(
                NOT_STARTED.into_iter().find(|word| *word == self.reason).unwrap_or(NOT_STARTED[0]),
            )
        };
        Waiting { reason, message: self.to_string() }
    }

    /// It is the init container that brings mlctl.
    pub(crate) fn is_own(&self) -> bool {
        self.is_init && self.container == INIT
    }
}

impl fmt::Display for FailedStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { container, code, reason, words, .. } = self;
        if self.is_own() {
            write!(
                f,
                "the init container `{container}`, which brings mlctl, ended with exit code {code}"
            )?;
        } else if self.is_init {
            write!(f, "the init container `{container}` ended with exit code {code}")?;
        } else {
            write!(f, "the node could not start the container `{container}` (exit code {code})")?;
        }
        if reason == "OOMKilled" {
            f.write_str(", killed for its memory")?;
        }
        if words.is_empty() { Ok(()) } else { write!(f, ": {words}") }
    }
}

/// The node could not start the container's process. An agent that has run leaves its own message.
fn is_not_started(ended: &ContainerStateTerminated) -> bool {
    let is_agents = ended
        .message
        .as_deref()
        .is_some_and(|text| serde_json::from_str::<TerminationMessage>(text).is_ok());
    let is_named = ended.reason.as_deref().is_some_and(|word| NOT_STARTED.contains(&word));
    !is_agents && (is_named || NOT_STARTED_CODES.contains(&ended.exit_code))
}

/// The end of a text as one line.
pub(crate) fn last_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let line = lines.join("; ");
    match line.char_indices().rev().nth(WORDS_LIMIT) {
        Some((at, _)) => format!("...{}", &line[at..]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn found(status: serde_json::Value) -> Option<FailedStart> {
        FailedStart::of(&serde_json::from_value(status).unwrap())
    }

    fn container(name: &str, state: serde_json::Value) -> serde_json::Value {
        json!({"name": name, "image": "i", "imageID": "", "ready": false, "restartCount": 0,
            "state": state})
    }

    fn ended(code: i32, reason: &str, message: &str) -> serde_json::Value {
        json!({"terminated": {"exitCode": code, "reason": reason, "message": message}})
    }

    #[test]
    fn any_init_container_is_named_with_its_words() {
        let waits = json!({"waiting": {"reason": "PodInitializing"}});
        let failed = found(json!({"phase": "Failed",
            "initContainerStatuses": [container("mlctl", ended(0, "Completed", "")),
                container("fetch", ended(3, "Error", "no such\nbucket\n"))],
            "containerStatuses": [container("main", waits)]}))
        .unwrap();
        assert_eq!(failed.waiting().reason, WaitingReason::InitFailed);
        assert_eq!(
            failed.to_string(),
            "the init container `fetch` ended with exit code 3: no such; bucket"
        );
    }

    #[test]
    fn one_that_is_started_again_and_again_is_told_too() {
        let mut again = container("proxy", json!({"waiting": {"reason": "CrashLoopBackOff"}}));
        again["lastState"] = ended(2, "Error", "");
        let failed = found(json!({"phase": "Pending", "initContainerStatuses": [again]}));
        assert_eq!(failed.map(|failed| failed.code), Some(2));
    }

    #[test]
    fn what_the_container_runtime_says_is_told() {
        let start = found(json!({"phase": "Failed", "containerStatuses":
            [container("main", ended(128, "StartError", "nvidia-container-cli: no driver"))]}));
        let start = start.unwrap();
        assert!(start.to_string().ends_with("(exit code 128): nvidia-container-cli: no driver"));
        assert_eq!(start.waiting().reason.as_str(), "StartError");
    }

    #[test]
    fn an_agent_that_has_run_did_not_fail_to_start() {
        for code in [1, 40, 42, 137, 143] {
            let status =
                json!({"containerStatuses": [container("main", ended(code, "Error", ""))]});
            assert_eq!(found(status), None, "{code}");
        }
        // A sidecar is ended behind the agent.
        let status = json!({"initContainerStatuses": [container("proxy", ended(143, "Error", ""))],
            "containerStatuses": [container("main", ended(0, "Completed", ""))]});
        assert_eq!(found(status), None);
        let evicted = json!({"phase": "Failed", "reason": "Evicted",
            "initContainerStatuses": [container("mlctl", ended(137, "Error", ""))]});
        assert_eq!(found(evicted), None);
    }
}
