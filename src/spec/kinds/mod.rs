//! Kinds of documents: a folder for each of ours, and what is known of other systems'.

pub(crate) mod convert;
pub(crate) mod foreign;
pub mod train;

pub(crate) use convert::{Converted, ForeignContext, RECOGNISERS};
pub(crate) use foreign::{API_VERSION, TRAIN_JOB};
