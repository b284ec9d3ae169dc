//! Logs of pods: read as far as they go, or followed.

mod fetch;
mod kept;
mod position;
mod read;
mod source;
mod spool;
mod tail;

pub(crate) use fetch::*;
pub(crate) use kept::*;
pub(crate) use position::*;
pub(crate) use read::*;
pub(crate) use source::*;
pub(crate) use spool::*;
pub(crate) use tail::*;
