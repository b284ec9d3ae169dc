//! What agents tell in their own logs that never reached the primary's.

use super::pod_tail::events_in;
use super::run_events::waiting_event;
use super::states::is_news;
use crate::agent::stream::StreamReader;
use crate::event::{Cursor, Event, EventKind, WaitingReason};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::follow::log::{Position, fetch};
use crate::runtime::kubernetes::follow::watch::{PodFacts, RunFacts, Waiting};
use crate::runtime::kubernetes::session::Session;
use crate::runtime::kubernetes::submit::Submission;
use crate::store::RunPaths;

/// So many logs are looked into: where one replica doesn't reach the primary, the others often have the
/// same reason.
const MOST: usize = 8;

/// The last warning of each agent that has run beside those that lead, of a gang that never gathered: its
/// command has not run, so that its log is short. A log that can't be read tells nothing.
pub(crate) fn warnings_of_others(
    session: &Session,
    run: &RunPaths,
    cursor: &mut Cursor,
    submission: &Submission,
    facts: &RunFacts,
) -> Result<Vec<Event>, RuntimeError> {
    let cluster = session.cluster()?;
    let mut events = Vec::new();
    let replicas = submission.layout.jobs.iter().flat_map(|job| &job.replicas);
    let others = replicas.filter(|replica| !submission.leaders().any(|leader| leader == *replica));
    let pods =
        others.filter_map(|replica| Some((replica, facts.pod_of(&submission.layout, replica)?)));
    let has_run = |(_, pod): &(_, &PodFacts)| pod.has_log() && !pod.gone && !pod.node_lost;
    for (replica, pod) in pods.filter(has_run).take(MOST) {
        let mut reader = StreamReader::new(&submission.nonce);
        let mut position = Position::default();
        let mut warning = None;
        let read = session.block_on(fetch(&cluster, &pod.name, position, true, |line| {
            for event in events_in(&mut reader, [line], &mut position, Position::default()) {
                if let EventKind::Warning { message } = event.kind {
                    warning = Some(message);
                }
            }
        }));
        if let (Ok(()), Some(message)) = (read, warning) {
            let waiting = Waiting { reason: WaitingReason::Other("NotJoined".into()), message };
            if is_news(cursor, &replica.to_string(), &waiting) {
                events.push(waiting_event(session, run, Some(replica), waiting));
            }
        }
    }
    Ok(events)
}
