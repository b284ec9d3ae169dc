//! Where to try next, given a model: what makes a candidate good, which candidates there are, and how
//! the best of them are improved.

mod acquisition;
mod candidates;
mod climb;
mod trust;

pub(crate) use acquisition::{Acquisition, Goal};
pub(crate) use candidates::{candidates, key, neighbour};
pub(crate) use climb::climb;
pub(crate) use trust::TrustRegion;
