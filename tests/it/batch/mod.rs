//! Batch prediction.

mod clouds;
mod digits;
mod images;
mod kills;
mod names;
mod servers;
mod stores;
mod tasks;
mod whole;
