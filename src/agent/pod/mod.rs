//! The agent in a pod: which replica it is and what its command needs, from what the pod holds.

mod cancel;
mod configure;
mod document;
mod error;
mod identity;
mod paths;
#[cfg(test)]
mod tests;

pub use cancel::cancel_here;
pub use configure::{Container, Pod, configure};
pub use document::*;
pub use error::{PodError, older_image};
