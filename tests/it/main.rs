//! All integration tests, in one binary.

mod spec;
mod state;
mod support;
mod train;
mod vertex;
