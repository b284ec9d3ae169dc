//! Models of TensorFlow Lite.

mod names;
mod read;
mod types;

pub use read::tflite;
pub use types::*;
