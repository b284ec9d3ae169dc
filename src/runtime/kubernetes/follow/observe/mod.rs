//! What has happened to a gang in a cluster: the primary's log, which repeats the gang's events, and
//! what pods and Jobs say of themselves.

mod look;
mod primary_log;
mod states;
mod told;
mod unfinished;

pub(crate) use look::{Observed, observe};
