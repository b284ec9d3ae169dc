//! Looking after what runs leave behind, cost and need.

mod admin;
pub mod cleanup;
pub mod cost;
pub mod doctor;

pub use admin::{AdminRole, ClusterScope, Grant, admin_manifests};
