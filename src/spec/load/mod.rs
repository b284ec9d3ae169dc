//! From texts to documents.

mod document;
mod environments;
mod loader;
mod trial;

pub use loader::{LoadOptions, Loaded, load};
