//! Rows as tensors, and tensors as text: what the Open Inference Protocol and gRPC have in common.

mod elements;
mod fill;
mod half;
mod rows;
mod tensor;

pub(super) use elements::Elements;
pub(super) use fill::fill;
pub(super) use half::{BF16, FP16};
pub(super) use rows::{columns, datatype_of, shape_of};
pub(in crate::work) use tensor::{Datatype, TensorInfo};
pub(super) use tensor::{Output, text};
