//! The typed spec: what a `TrainJob` file says. JSON Schema, `explain` and validation are made of
//! these types and their comments.
//!
//! A field marked `x-mlctl-expand` may use `${VAR}` and `${VAR:-default}`; a field marked
//! `x-mlctl-verbatim` keeps every scalar as it is written, byte for byte.

mod command;
mod job;
mod places;
mod pod;
mod push;
mod retries;
mod role;

pub use command::*;
pub use job::*;
pub use places::*;
pub use pod::*;
pub use push::*;
pub use retries::*;
pub use role::*;
