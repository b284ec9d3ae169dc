//! From answers to files: lines, the parts that have them, the markers that commit these, and the
//! files that users read.

mod csv;
mod ledger;
mod lines;
mod part;
mod publish;

pub(crate) use ledger::Ledger;
pub(crate) use lines::{ErrorLine, Item, Outcome, Source, Writer, error_line};
pub(crate) use part::{PartWriter, crc32c};
pub(crate) use publish::{Where, publish, remove_parts, where_is};
