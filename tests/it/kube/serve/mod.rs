//! Endpoints on a real cluster.

mod around;
mod life;
mod load;
mod support;
