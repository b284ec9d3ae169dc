//! Batch prediction.

mod clouds;
mod digits;
mod images;
mod stores;
mod tasks;
mod whole;
