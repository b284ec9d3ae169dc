//! Batch prediction.

mod tasks;
