//! Objects by URL: one way to list, read and write whatever a spec names, in whichever store it lies.

mod address;
mod cloud;
mod config;
mod copy;
mod error;
mod examine;
mod fetch;
mod files;
mod hub;
mod list;
mod object;
mod progress;
mod put;
mod read;
mod send;
mod stores;
mod upload;
mod web;

pub use config::{BucketSettings, StorageConfig};
pub use error::{StorageError, StorageErrorKind};
pub use examine::{BucketReport, Examined};
pub use fetch::Transferred;
pub use list::Listing;
pub use object::Object;
pub use progress::{NoProgress, Progress};
pub use put::Put;
pub use stores::Stores;
pub use upload::Upload;
