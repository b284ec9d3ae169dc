//! TF Serving's gRPC API: `tensorflow.serving.PredictionService`.

mod dialect;
mod messages;
mod tensors;

pub(in crate::work::protocol) use dialect::TensorFlow;
pub(super) use dialect::{health, is_ready};
