//! gRPC: TF Serving's services, and those of the Open Inference Protocol.
//!
//! The messages are written here by hand, with the fields that are used, so that no build needs protoc.

mod channel;
mod codec;
mod inputs;
mod outputs;
mod ready;
mod status;
mod tensorflow;
mod v2;

pub(super) use channel::Channel;
pub(in crate::work) use ready::ready;
pub(super) use tensorflow::TensorFlow;
pub(super) use v2::V2;
