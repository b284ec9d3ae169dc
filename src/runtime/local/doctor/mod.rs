//! Looks at this machine for `doctor`; `crate::doctor` judges.

mod examine;
mod folders;
pub(super) mod python;

pub use examine::LaptopChecks;
