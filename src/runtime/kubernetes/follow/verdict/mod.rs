//! How a run ended, when its own log doesn't say: from termination messages, the state of Jobs and
//! what the cluster did to pods.

mod cause;
mod infer;
mod memory;
mod never;
mod sight;
mod tasks;
#[cfg(test)]
mod tests;

pub(crate) use cause::{node_lost_message, refine};
pub(crate) use infer::{infer, waiting};
pub(crate) use memory::Unwatched;
pub(crate) use sight::{Sight, sight};
pub(crate) use tasks::decide;
