//! The model of an objective: warped outcomes under a Gaussian process whose hyperparameters are
//! fitted, and sampled, anew for each suggestion.

mod fit;
mod kernel;
mod likelihood;
mod posterior;
mod prior;
mod sample;
mod warp;

pub(crate) use fit::fit;
pub(crate) use kernel::{Distances, matern, matern_slope};
pub(crate) use likelihood::Likelihood;
pub(crate) use posterior::{LANES, Posterior, Trend};
pub(crate) use prior::Prior;
pub(crate) use sample::slice_samples;
pub(crate) use warp::warp;
