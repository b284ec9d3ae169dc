//! The command line: the only place that reads the environment, and where errors become exit codes.

mod app;
mod code_files;
mod context;
mod env;
mod error;
mod git;
mod help;
mod in_cluster;
mod interrupt;
mod load;
mod lookup;
mod models;
mod place;
mod prices;
mod runs;
mod runtime_config;
mod script;
mod settings;
mod spec_args;
mod specs;
mod threads;
mod usage;
pub mod verbs;

pub use app::*;
pub use context::*;
pub use env::*;
pub use error::*;
pub use interrupt::*;
pub use load::Originated;
pub use models::*;
pub use place::*;
pub use runs::*;
pub use settings::*;
pub use spec_args::*;
pub use specs::*;
