//! The one place that knows the operating system: `/proc`, control groups, subreapers, clocks.
//!
//! Another system needs this folder again and nothing else. No function here panics or blocks for
//! long; what can't be read is `None` or empty.

mod clock;
mod memory;
mod process;
mod procfs;
mod tree;

pub use clock::*;
pub use memory::*;
pub use process::*;
pub use procfs::*;
pub use tree::*;
