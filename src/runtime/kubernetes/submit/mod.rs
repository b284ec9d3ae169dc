//! A plan becomes objects of a cluster, and what is remembered of that on both sides.

mod mark;
mod record;
mod submission;
mod submit;

pub(crate) use mark::Submitting;
pub(crate) use record::{Record, record, write_verdict};
pub(crate) use submission::Submission;
pub(crate) use submit::{check, release, submit};
