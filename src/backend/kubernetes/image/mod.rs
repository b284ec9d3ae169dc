//! Container images: mlctl's own made and pushed, others' configurations read.

mod archive;
mod binary;
mod runner;

pub use archive::write_archive;
pub use binary::{Binary, BinaryError};
pub use runner::RunnerImage;
