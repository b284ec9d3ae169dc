//! A plan becomes the objects of a cluster. Nothing here asks a cluster or reads a clock; the only
//! files that are read are those of the code.

mod archive;
mod bundle;
mod bundle_error;
mod claim;
mod code_files;
mod code_maps;
mod container;
mod context;
mod data;
mod decided;
pub mod endpoint;
mod error;
mod job;
mod manifests;
mod merge;
mod names;
mod output;
mod patch;
mod placement;
mod pod;
mod probe;
mod record;
mod secret;
mod security;
mod service;
mod sources;
mod table;
mod volumes;

pub use archive::*;
pub use bundle::*;
pub use bundle_error::*;
pub use container::{INIT, MAIN};
pub use context::*;
pub use error::*;
pub use manifests::*;
pub use names::*;
pub use output::base as output_base;
pub use probe::{ProbeWish, probe_job};
pub use record::record_key;
pub use secret::env_key;
pub use table::sections;
