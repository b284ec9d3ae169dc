//! Plan to manifests, purely.

mod bundle;
mod container;
mod job;
mod manifests;
mod names;
mod output;
mod pod;
mod record;
mod secret;
mod security;
mod service;
mod strict;
mod volumes;

pub use bundle::*;
pub use container::{INIT, MAIN};
pub use manifests::*;
pub use names::*;
pub use record::record_key;
pub use secret::{TOKEN, env_key};
