//! How a gang ended, when its own log doesn't say: from termination messages, the state of Jobs and
//! what the cluster did to pods.

mod cause;
mod infer;
mod memory;
#[cfg(test)]
mod tests;

pub(super) use cause::{node_lost, refine};
pub(super) use infer::{infer, waiting};
pub(super) use memory::Unwatched;
