//! Pushing a model: a number is claimed, the files are brought beside, then into place, then it is decided
//! that they are a version.

mod clean;
mod lease;
mod publish;
mod request;

pub use request::{Push, Pushed};
