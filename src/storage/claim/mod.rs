//! Who fills a place: a row of documents, `_mlctl/claims/N.json` in an output, of which the highest counts.

mod document;
mod error;
mod take;
#[cfg(test)]
mod tests;

pub use document::{ClaimMode, OUTPUT_CLAIM_VERSION, OutputClaim};
pub use error::ClaimError;
pub use take::{Claims, Lives, was_claimed};
