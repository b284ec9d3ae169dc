//! Which replica gets a request: arithmetic, with time passed in.

mod budget;
mod ejection;
mod load;

pub(crate) use budget::RetryBudget;
pub(crate) use ejection::{Ejection, Health};
pub(crate) use load::{PeakEwma, pick};
