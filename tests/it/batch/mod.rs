//! Batch prediction.

mod clouds;
mod digits;
mod stores;
mod tasks;
mod whole;
