//! What happens to a run in a cluster: objects as they change, logs, and how the run ended.

pub(crate) mod archive;
mod log;
mod observe;
mod save;
mod verdict;
mod watch;

pub(crate) use log::{PodLogs, Source, Spools, Tail, fetch_of};
pub(crate) use observe::{
    NEW_RUN_LIMIT, Observed, SUBMISSION_LIMIT, cancelled, deleted, event, finished, is_news,
    never_submitted, observe, waiting_event,
};
pub(crate) use verdict::node_lost_message;
pub(crate) use watch::{Feed, JobFacts, PodFacts, RunFacts, Waiting, list, selector};
