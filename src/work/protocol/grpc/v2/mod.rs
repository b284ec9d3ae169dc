//! The Open Inference Protocol, version 2, over gRPC: `inference.GRPCInferenceService`.

mod dialect;
mod messages;
mod tensors;
#[cfg(test)]
mod tests;

pub(in crate::work::protocol) use dialect::V2;
pub(super) use dialect::{health, is_ready};
