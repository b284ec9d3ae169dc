//! mlctl: training, prediction, tuning and serving on any Kubernetes cluster or a laptop.
//!
//! The library never prints, never reads the environment and never exits: that is `cli/`'s part.

pub mod gang;
