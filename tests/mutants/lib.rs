//! The gang without the rest of the crate.

#![allow(dead_code, missing_docs)]

#[path = "src/gang/mod.rs"]
pub mod gang;
