//! Batch prediction.

mod digits;
mod stores;
mod tasks;
mod whole;
