//! From rows to one tensor for each input, whatever the messages are.

use crate::work::protocol::tensors::Elements;
use crate::work::protocol::tensors::fill;
use crate::work::protocol::tensors::{Datatype, TensorInfo};
use crate::work::protocol::tensors::{columns, datatype_of};

/// An input with the values of all rows.
#[derive(Debug)]
pub(super) struct Input {
    /// Its name.
    pub(super) name: String,
    /// The type of its elements.
    pub(super) datatype: Datatype,
    /// Its shape: the rows, and then what each has.
    pub(super) shape: Vec<u64>,
    /// Its elements.
    pub(super) elements: Elements,
}

/// The inputs of a request for these rows. The error is a row's own fault: it doesn't fit the model's
/// inputs.
pub(super) fn inputs(rows: &[&[u8]], infos: &[TensorInfo]) -> Result<Vec<Input>, String> {
    let columns = columns(rows, infos)?;
    let input = |(name, values): (String, Vec<&str>)| {
        let info = infos.iter().find(|info| info.name == name);
        let datatype = datatype_of(info, &values)?;
        let (inner, elements) = fill(&name, datatype, &values)?;
        let shape = std::iter::once(values.len() as u64).chain(inner).collect();
        Ok(Input { name, datatype, shape, elements })
    };
    columns.into_iter().map(input).collect()
}
