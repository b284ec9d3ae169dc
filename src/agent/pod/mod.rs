//! The agent in a pod: which replica it is and what its command needs, from what the pod holds.

mod document;

pub use document::*;
