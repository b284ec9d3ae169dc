//! Logs of pods: read as far as they go, or followed.

mod position;
mod read;
mod tail;

pub(crate) use position::*;
pub(crate) use read::*;
pub(crate) use tail::*;
