//! The objects of runs as they change, by one watch per kind and namespace.

mod ended;
mod facts;
mod failed_start;
mod feed;
mod genuine;
mod job;
mod list;
mod pod;
mod pod_status;
mod pulse;
mod reason;

pub(crate) use ended::*;
pub(crate) use facts::*;
pub(crate) use failed_start::*;
pub(crate) use feed::*;
pub(crate) use job::*;
pub(crate) use list::*;
pub(crate) use pod::*;
pub(crate) use reason::*;
