//! What the schema can't say: rules between fields, and what would go wrong at run time.

mod command;
mod context;
mod data;
mod environment;
mod gang;
mod launcher;
mod names;
mod part;
mod places;
mod pods;
mod push;
mod shell;
mod stores;
mod strategy;

pub(crate) use context::{check, document};
pub(crate) use names::wrong_name;
pub use names::{MAX_NAME, MAX_ROLE, is_label};
pub(crate) use part::check_part;
pub(crate) use pods::wrong_object_name;
pub(crate) use shell::runs_in_shell;
pub(crate) use stores::{is_readable, is_writable};
