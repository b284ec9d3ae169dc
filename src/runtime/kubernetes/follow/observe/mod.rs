//! What has happened to a run in a cluster: the logs of the agents that lead, which tell of the gang
//! or of each task, and what pods and Jobs say of themselves.

mod allowed;
mod explain;
mod hopeless;
mod leader_logs;
mod new_events;
mod observed;
mod pod_messages;
mod pod_tail;
mod remember;
mod run_events;
mod sights;
mod states;
mod unfinished;
mod unmet;

pub(crate) use new_events::observe;
pub(crate) use observed::Observed;
pub(crate) use remember::remember_end;
pub(crate) use run_events::{event, finished, waiting_event};
pub(crate) use states::is_news;
pub(crate) use unfinished::{NEW_RUN_LIMIT, SUBMISSION_LIMIT, cancelled, deleted, never_submitted};
