//! What the cluster shows of a replica's pods, where that is another thing than their agents told last.

use jiff::Timestamp;

use super::cause::cause;
use crate::event::PodState;
use crate::runtime::kubernetes::follow::watch::PodFacts;

/// What can be seen of the pod that last ran as a replica.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) state: PodState,
    /// Since when; `None` where the cluster doesn't say.
    pub(crate) since: Option<Timestamp>,
    /// Why, in a clause for people; empty where the cluster doesn't say.
    pub(crate) message: String,
    /// The pod's uid; empty of one that is known by nothing else than that it was there.
    pub(crate) uid: String,
    /// It has done all that it had to do.
    pub(crate) is_over: bool,
}

impl Sight {
    /// A pod of which nothing is left that could say when it went, and why.
    pub(crate) fn vanished() -> Self {
        let (since, message, uid) = (None, String::new(), String::new());
        Self { state: PodState::Gone, since, message, uid, is_over: false }
    }
}

/// What the pods of a replica, oldest first, show of the last one that has run; `None` where none has.
/// One that ended with its gang's verdict has done all that it had to do, and counts as seen.
pub(crate) fn sight(pods: &[&PodFacts]) -> Option<Sight> {
    let pod = pods.iter().rev().find(|pod| pod.has_log())?;
    let message = pod.ended.as_ref().and_then(|end| end.message.as_ref());
    let has_judged = message.is_some_and(|message| message.verdict.is_some());
    let why = || cause(pod).map(|(_, why)| why);
    let disrupted_at = pod.disruption.as_ref().and_then(|disruption| disruption.at);
    let is_over = has_judged || pod.succeeded;
    let (state, since, message) = if is_over {
        (PodState::Seen, None, None)
    } else if pod.gone || pod.over {
        let ended = pod.ended.as_ref();
        let code = || ended.map(|end| format!("its agent ended with exit code {}", end.code));
        let deleted = || pod.gone.then(|| "it was deleted".to_owned());
        let since = ended.and_then(|end| end.at).or(disrupted_at).or(pod.deleted_at);
        (PodState::Gone, since, why().or_else(code).or_else(deleted))
    } else if pod.node_lost {
        let node = pod.node.as_deref().unwrap_or("its node");
        (PodState::Unknown, pod.ready_changed, Some(format!("{node} is not ready")))
    } else if pod.deleting || pod.disruption.is_some() {
        let deleted = || pod.deleting.then(|| "it is being deleted".to_owned());
        (PodState::Draining, disrupted_at.or(pod.deleted_at), why().or_else(deleted))
    } else {
        (PodState::Seen, None, None)
    };
    let message = message.unwrap_or_default();
    Some(Sight { state, since, message, uid: pod.uid.clone(), is_over })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::kubernetes::follow::watch::{Disruption, DisruptionKind, Ended};

    fn running(uid: &str) -> PodFacts {
        PodFacts {
            uid: uid.into(),
            node: Some("node1".into()),
            running: true,
            ..PodFacts::default()
        }
    }

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(second).ok()
    }

    fn seen(pods: &[&PodFacts]) -> (PodState, Option<Timestamp>, String) {
        let Sight { state, since, message, .. } = sight(pods).unwrap();
        (state, since, message)
    }

    #[test]
    fn what_is_there_is_seen_and_what_never_ran_is_nothing() {
        assert_eq!(sight(&[]), None);
        assert_eq!(sight(&[&PodFacts::default()]), None);
        assert_eq!(seen(&[&running("a")]), (PodState::Seen, None, String::new()));
    }

    /// Its object may stay for as long as nobody removes it, and a new pod may wait beside it.
    #[test]
    fn an_evicted_pod_is_gone_since_its_eviction() {
        let disruption = Disruption {
            kind: DisruptionKind::NodeShortOfResource,
            message: "The node was low on resource: memory".into(),
            at: at(7),
        };
        let evicted =
            PodFacts { running: false, over: true, disruption: Some(disruption), ..running("a") };
        for pods in [&[&evicted][..], &[&evicted, &PodFacts::default()]] {
            let (state, since, message) = seen(pods);
            assert_eq!((state, since), (PodState::Gone, at(7)));
            assert!(message.contains("low on resource: memory"), "{message}");
        }
        assert_eq!(
            seen(&[&evicted, &running("b")]).0,
            PodState::Seen,
            "another one took its place"
        );
    }

    #[test]
    fn a_pod_that_leaves_drains_until_it_is_gone() {
        let leaving = PodFacts { deleting: true, deleted_at: at(5), ..running("a") };
        assert_eq!(seen(&[&leaving]), (PodState::Draining, at(5), "it is being deleted".into()));
        let gone = PodFacts { gone: true, ..leaving.clone() };
        assert_eq!(seen(&[&gone]), (PodState::Gone, at(5), "it was deleted".into()));
        let end = Ended {
            code: 143,
            reason: String::new(),
            message: None,
            text: String::new(),
            at: at(9),
        };
        let ended = PodFacts { running: false, over: true, ended: Some(end), ..leaving };
        let (state, since, message) = seen(&[&ended]);
        assert_eq!((state, since), (PodState::Gone, at(9)));
        assert!(message.contains("exit code 143"), "{message}");
    }

    #[test]
    fn a_silent_node_leaves_its_pods_unknown() {
        let silent =
            PodFacts { node_lost: true, ready_changed: at(3), deleting: true, ..running("a") };
        assert_eq!(seen(&[&silent]), (PodState::Unknown, at(3), "node1 is not ready".into()));
    }
}
