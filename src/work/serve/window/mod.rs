//! What routers measure: counters and latency histograms, their differences over time, and windows of
//! them.

mod histogram;
mod reading;

pub use histogram::*;
pub use reading::*;
