//! A plan becomes objects of a cluster, and what is remembered of that on both sides.

mod archive;
mod create;
mod mark;
mod record;
mod rehearse;
mod submission;

pub use archive::{name_archive, send_archive};
pub(crate) use create::{
    ask_runner, check, given, missing_claims, of_machines, release, save_documents, settings,
    submit,
};
pub(crate) use mark::Submitting;
pub(crate) use record::{Record, record, write_verdict};
pub(crate) use rehearse::{fits_quotas, may, rehearse_pods};
pub(crate) use submission::Submission;
