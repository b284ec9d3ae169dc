//! The one place that knows the operating system: `/proc`, control groups, subreapers, clocks.
//!
//! To support another system this folder is written again for it, and nothing else. No function here
//! panics. What can't be read is `None` or empty where callers can do without it.

mod ask;
mod clock;
mod connections;
mod folder;
mod memory;
mod own;
mod process;
mod procfs;
mod tree;
mod users;
mod way;

pub use ask::*;
pub use clock::*;
pub use connections::*;
pub use folder::*;
pub use memory::*;
pub use own::*;
pub use process::*;
pub use procfs::*;
pub use tree::*;
pub use users::*;
