//! Looking after what runs leave behind, cost and need.

mod admin;
pub mod cleanup;
pub mod cost;

pub use admin::{AdminError, Grant, admin_manifests};
