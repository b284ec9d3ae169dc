//! Removing what runs have left: looked for by labels and folders, decided purely, so that what is
//! shown is what is done, and carried out thing by thing.

mod carry_out;
mod filter;
mod gather;
mod places;
mod propose;
mod survey;
#[cfg(test)]
mod tests;

pub use carry_out::{Failure, carry_out};
pub use filter::Filter;
pub use places::{Places, Surveyed};
pub use propose::{Folder, Kept, Proposal, Removal, Totals, propose};
pub use survey::{Cache, Found, Survey};
