//! Container images: mlctl's own made and pushed, others' configurations read.

mod archive;
mod binary;
mod commands;
mod credentials;
mod entrypoint;
mod known;
mod push;
mod registry;
mod runner;

pub use archive::write_archive;
pub use binary::{Binary, BinaryError};
pub use commands::name_commands;
pub use entrypoint::{EntrypointError, ImageConfig, entrypoint};
pub(crate) use known::{Known, known};
pub use push::push;
pub use registry::RegistryError;
pub use runner::RunnerImage;
