//! How many replicas a revision needs, by what its routers measure. Pure: samples and time in, a
//! number and its reason out.

mod rules;

pub use rules::*;
