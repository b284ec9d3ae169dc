//! Batch prediction.

mod clouds;
mod digits;
mod images;
mod servers;
mod stores;
mod tasks;
mod whole;
