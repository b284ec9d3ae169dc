//! What happens to a run in a cluster: objects as they change, logs, and how the run ended.

pub(crate) mod archive;
mod log;
mod observe;
mod verdict;
mod watch;

pub(crate) use log::{PodLogs, Spools};
pub(crate) use observe::{Observed, observe};
pub(crate) use verdict::node_lost_message;
pub(crate) use watch::{Feed, JobFacts, PodFacts, RunFacts, list, selector};
