//! Logs of pods.

mod position;
mod read;
mod tail;

pub(crate) use position::*;
pub(crate) use read::*;
pub(crate) use tail::*;
