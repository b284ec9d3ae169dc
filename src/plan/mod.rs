//! Spec to plan, purely: what runs, with which environment. No file, clock or network here.

mod types;

pub use types::*;
