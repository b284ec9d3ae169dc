//! From rows to instances, with Vertex AI's semantics: what is sent, and what stands for it in the
//! output.

mod cells;
mod files;
mod maker;
mod objects;

pub(crate) use cells::json_of;
pub(crate) use files::fetch_all;
pub(crate) use maker::{Echo, Made, Maker, Sent, b64};
