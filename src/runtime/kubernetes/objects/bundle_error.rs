//! Why code or data can't travel to a cluster.

use std::path::PathBuf;

use crate::storage::{CodeError, ReadError};

/// How many bytes all files together may have in ConfigMaps, which are for code; data belongs into
/// claims and buckets.
pub const MAX_CODE: u64 = 5 << 20;

/// How many bytes they may have that go through a bucket.
pub const MAX_ARCHIVE: u64 = 2 << 30;

/// The code can't travel.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// All files together are larger than [`MAX_CODE`], or with an output in a bucket than
    /// [`MAX_ARCHIVE`].
    #[error(
        "code and data: {mib:.1} MiB of files, and {max} MiB travel to a cluster; the largest are \
         {largest}; name what isn't needed in .mlctlignore, put data into a claim or a bucket{}",
        if *max << 20 == MAX_CODE {
            ", or write `output` into a bucket, through which larger code goes"
        } else {
            ""
        }
    )]
    TooLarge {
        /// The size of all files together, in MiB.
        mib: f64,
        /// How many MiB they may have.
        max: u64,
        /// The largest files with their sizes, for people.
        largest: String,
    },
    /// It is not a folder or file of this machine.
    #[error("{field}: {path} is not a folder or file of this machine")]
    NotHere {
        /// The field of the spec that names it: `code` or `data`.
        field: &'static str,
        /// What the field names.
        path: String,
    },
    /// A file's name is not UTF-8, so that it can't be written into a document.
    #[error("code and data: the name of {} is not valid UTF-8", .0.display())]
    BadName(PathBuf),
    /// A folder can't travel, for example since a part of it can't be read.
    #[error("code and data: {0}")]
    Code(#[from] CodeError),
    /// A file can't be read.
    #[error("code and data: {0}")]
    Read(#[from] ReadError),
    /// An archive of them can't be written.
    #[error("code and data: packing them: {0}")]
    Pack(#[from] std::io::Error),
}
