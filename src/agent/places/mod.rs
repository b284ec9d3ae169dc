//! Places in buckets beside a command: data that are fetched before it, and outputs that are kept.

mod cache;
mod config;
mod connected;
mod error;
mod fetch;
mod folder;
mod keeper;
mod manifest;
mod names;
mod replica;
mod restore;
mod settle;
#[cfg(test)]
mod tests;
mod transfer;
mod watch;

pub use config::{KeptOutput, Places};
pub(super) use replica::ReplicaPlaces;
