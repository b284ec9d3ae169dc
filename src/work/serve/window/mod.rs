//! What routers measure: counters and latency histograms, and what they have counted between two looks.

mod histogram;
mod meter;
mod reading;

pub use histogram::*;
pub use meter::*;
pub use reading::*;
