//! Models of TensorFlow Lite.

mod names;
mod read;
mod types;

pub(super) use read::IDENTIFIER;
pub use read::tflite;
pub use types::*;
