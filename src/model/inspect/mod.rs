//! What a model says of itself, read from its files without running any of it.

mod archive;
mod bytes;
mod compare;
mod error;
mod flat;
mod layers;
mod links;
mod onnx;
mod read;
mod report;
mod request;
mod saved_model;
mod tfjs;
mod tflite;
mod wire;
mod zip;

pub use archive::*;
pub use bytes::{Bytes, Stored};
pub use compare::*;
pub use error::InspectError;
pub use onnx::*;
pub use read::inspect;
pub use report::*;
pub use request::{Request, request};
pub use saved_model::*;
pub use tfjs::*;
pub use tflite::*;
