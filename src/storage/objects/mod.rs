//! Objects by URL: one way to list, read and write whatever a spec names, in whichever store it lies.

mod config;
mod error;
mod list;
mod object;
mod open;
mod progress;
mod put;
mod read;
mod stores;
mod transfer;
mod upload;

pub use config::{BucketSettings, StorageConfig};
pub use error::{StorageError, StorageErrorKind};
pub use object::Object;
pub use progress::{NoProgress, Progress};
pub use put::Put;
pub use stores::Stores;
pub use transfer::Transferred;
pub use upload::Upload;
