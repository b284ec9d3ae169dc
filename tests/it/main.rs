//! All integration tests, in one binary.

mod spec;
mod support;
mod vertex;
