//! Batch prediction.

mod digits;
mod kills;
mod stores;
mod tasks;
mod whole;
