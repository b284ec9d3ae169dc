//! `mlctl export`: a model becomes what runs on devices and in browsers.

mod args;
mod run;
mod told;
mod values;

pub use args::ExportArgs;
pub use run::export;
