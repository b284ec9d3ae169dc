//! Plan to manifests, purely.

mod bundle;
mod claim;
mod code_maps;
mod container;
mod context;
mod data;
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
mod table;
mod volumes;

pub use bundle::*;
pub use container::{INIT, MAIN};
pub use context::*;
pub use error::*;
pub use manifests::*;
pub use names::*;
pub use output::base as output_base;
pub use probe::{ProbeWish, probe_job};
pub use record::record_key;
pub use secret::{TOKEN, env_key};
pub use table::sections;
