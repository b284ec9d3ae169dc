//! Removing what runs have left: looked for by labels and folders, decided purely, so that what is
//! shown is what is done, and carried out thing by thing.

mod carry_out;
mod filter;
mod gather;
mod output;
mod places;
mod proposal;
mod propose;
mod survey;
#[cfg(test)]
mod tests;
mod work_folders;

pub use carry_out::{Failure, carry_out};
pub use filter::{Filter, is_past};
pub use output::{JobFiles, Outputs, Rule, Stored};
pub use places::{Places, Surveyed};
pub use proposal::{Folder, Kept, Proposal, Removal, Totals};
pub use propose::{Details, propose};
pub use survey::{Cache, CacheKind, Found, Survey};
pub use work_folders::remove_work_folders;
