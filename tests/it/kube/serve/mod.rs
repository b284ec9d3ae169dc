//! Endpoints on a real cluster.

mod life;
mod load;
mod support;
