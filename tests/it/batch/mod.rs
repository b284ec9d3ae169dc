//! Batch prediction.

mod digits;
mod tasks;
mod whole;
