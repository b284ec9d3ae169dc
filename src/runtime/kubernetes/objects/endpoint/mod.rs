//! The objects of an endpoint.

mod names;

pub use names::*;
