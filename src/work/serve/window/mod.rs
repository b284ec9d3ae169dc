//! What routers measure: counters and latency histograms, and what they have counted between two looks.

mod meter;
mod reading;

pub use meter::*;
pub use reading::*;

pub use mlctl_router::Histogram;
