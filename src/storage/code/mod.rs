//! Which files of a folder with code travel with a run.

mod carry;
mod contents;
mod copy;
mod credentials;
mod digest;
mod error;
mod folder;
mod found;
mod ignored;
mod left;
mod links;
mod locate;
mod made;
mod rules;
mod survey;
mod told;
mod walk;

pub use carry::{Carried, JUDGED, Mask, Masked, carry};
pub use copy::{copy_code, fix_code};
pub use digest::{CodeDigest, digest_code};
pub use error::CodeError;
pub use found::{Code, Entry, Skipped};
pub use ignored::Rule;
pub use left::{Left, Why};
pub use locate::{Located, locate};
pub use rules::CodeRules;
pub use survey::{CodeSurvey, LeftOut, MUCH_BYTES, Part};
pub use told::{left_behind, listed};
pub use walk::walk;
