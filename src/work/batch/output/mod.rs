//! From answers to files: lines, the parts that have them, the markers that commit these, and the
//! files that users read.

mod committed;
mod csv;
mod ledger;
mod lines;
mod part;
mod publish;

pub(crate) use committed::{Committed, Line, check, lines};
pub(crate) use csv::cell;
pub(crate) use ledger::Ledger;
pub(crate) use lines::{Item, Outcome, Source, Writer, error_line};
pub(crate) use part::PartWriter;
pub(crate) use publish::{publish, remove_parts, where_is};
