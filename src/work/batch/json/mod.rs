//! JSON text that is looked at without being rewritten.

mod fields;
mod value;

pub(crate) use fields::{Field, elements, fields, name_is};
pub(crate) use value::{escaped, value_of, value_range};
