//! What the schema can't say of a study. Its trial is looked at by the rules of training runs.

mod baseline;
mod collect;
mod conditions;
mod context;
mod early;
mod limits;
mod metrics;
mod overlap;
mod parameters;
mod passing;
mod trial;

pub(crate) use context::{check_part, document};
