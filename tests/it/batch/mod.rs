//! Batch prediction.

mod tasks;
mod whole;
