//! Where things run. `local` starts processes of this machine; `kubernetes` starts pods of a cluster.
//! Each is a folder that nothing beside it knows by name but `cli`, which chooses one.

mod cluster_error;
mod deployed;
mod error;
mod holding;
pub mod image;
mod inventory;
pub mod kubernetes;
pub mod local;
mod log_files;
mod notes;
mod output;
mod runs;
mod submission;
mod terminal;

pub use cluster_error::*;
pub use deployed::*;
pub use error::*;
pub use holding::*;
pub use inventory::*;
pub use notes::*;
pub use output::*;
pub use runs::*;
pub use submission::*;
pub use terminal::*;
