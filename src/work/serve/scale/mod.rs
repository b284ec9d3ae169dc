//! How many replicas a revision needs, by what its routers measure. Pure: samples and time in, a
//! number and its reason out.
//!
//! The formulas are those of Knative's autoscaler (`pkg/autoscaler/scaling/autoscaler.go` of
//! knative/serving): a stable and a panic window, a target utilisation, limits of the rates of change.

mod average;
mod peak;
mod rules;
mod scaler;

pub(crate) use average::*;
pub(crate) use peak::*;
pub use rules::*;
pub use scaler::*;
