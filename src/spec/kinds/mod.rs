//! Kinds of documents: a folder for each of ours, and what is known of other systems'.
//!
//! A new kind is a folder with a `kind::Kind`, a line in `registry` and a variant of
//! [`Document`].

pub mod batch;
pub(crate) mod convert;
mod document;
pub mod endpoint;
pub(crate) mod foreign;
mod kind;
pub(crate) mod registry;
pub mod train;
pub mod tune;

pub(crate) use convert::{Converted, ForeignContext, ReadText, Recognise};
pub(crate) use document::Origin;
pub use document::{Document, Resolved};
pub(crate) use kind::{Habit, Kind, Named, Part, Where};
pub use registry::{DEFAULT_KIND, names};
