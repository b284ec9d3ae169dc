//! Logs of pods.

mod position;
mod read;
mod tail;

pub(super) use position::*;
pub(super) use read::*;
pub(super) use tail::*;
