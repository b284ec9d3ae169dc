//! Inputs as rows: the formats are pure, and are given bytes as these arrive from a store.

mod chunks;
mod csv;
mod gunzip;
mod reader;
mod records;
mod row;
mod tfrecord;

pub(crate) use chunks::Chunks;
pub(crate) use csv::{Cell, CsvFrame, cells};
pub(crate) use gunzip::Gunzip;
pub(crate) use reader::{Reader, is_packed, names};
pub(crate) use records::{LineFrame, Records};
pub(crate) use row::{Row, Split, shown_of};
