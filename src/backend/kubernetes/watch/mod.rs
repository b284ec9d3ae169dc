//! The objects of runs as they change, by one watch per kind and namespace.

mod facts;
mod feed;
mod job;
mod pod;

pub(super) use facts::*;
pub(super) use feed::*;
pub(super) use job::*;
pub(super) use pod::*;
