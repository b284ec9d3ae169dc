//! Names of models, their aliases and versions, as people write them and as parts of paths and keys.

mod name;
mod reference;

pub use name::{Alias, Label, ModelName, ParseModelError};
pub use reference::{Pick, VersionRef};
