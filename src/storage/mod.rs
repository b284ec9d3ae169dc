//! Places that a spec names, and the files of a run's code that travel.

pub mod checkout;
mod claim;
mod code;
mod model;
mod mount;
mod objects;
mod place;
mod read;
pub(crate) mod tfrecord;

pub use claim::*;
pub use code::*;
pub use model::*;
pub use mount::*;
pub use objects::*;
pub use place::*;
pub use read::*;
