//! What has happened to a gang in a cluster: the primary's log, which repeats the gang's events,
//! and what pods and Jobs say of themselves.

mod new_events;
mod observed;
mod pod_messages;
mod pod_tail;
mod primary_log;
mod run_events;
mod states;
mod unfinished;

pub(crate) use new_events::observe;
pub(crate) use observed::Observed;
