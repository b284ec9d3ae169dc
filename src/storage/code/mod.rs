//! Which files of a folder with code travel with a run.

mod carry;
mod contents;
mod credentials;
mod folder;
mod ignored;
mod locate;
mod told;
mod walk;

pub use carry::{Carried, JUDGED, Mask, Masked, carry};
pub use locate::{Located, locate};
pub use told::{left_behind, listed};
pub use walk::{Code, CodeError, Entry, Left, Outside, Why, walk};
