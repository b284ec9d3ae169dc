//! FlatBuffers read table by table, in place (<https://flatbuffers.dev/internals/>). Readers made from a schema
//! want a whole file in memory; of a model that is gigabytes of weights, for some kilobytes of facts.

use super::InspectError;
use super::bytes::{LONGEST_TEXT, Window};

/// A table: where it is, and where its fields are listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    at: u64,
    vtable: u64,
    /// Bytes of the list of fields.
    listed: u16,
}

/// A vector of so many elements, the first of which is at a place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Vector {
    start: u64,
    /// How many elements there are.
    pub(super) count: u64,
}

fn number<const N: usize>(file: &mut Window<'_>, at: u64) -> Result<[u8; N], InspectError> {
    let end = at.checked_add(N as u64).ok_or(InspectError::Truncated { at })?;
    file.get(at..end)?.first_chunk().copied().ok_or(InspectError::Truncated { at })
}

fn offset(file: &mut Window<'_>, at: u64) -> Result<u64, InspectError> {
    Ok(at + u64::from(u32::from_le_bytes(number(file, at)?)))
}

impl Table {
    /// The table that the file begins with.
    ///
    /// # Errors
    /// There is none, or the file can't be read.
    pub(super) fn root(file: &mut Window<'_>) -> Result<Self, InspectError> {
        let at = offset(file, 0)?;
        Self::at(file, at)
    }

    fn at(file: &mut Window<'_>, at: u64) -> Result<Self, InspectError> {
        let back = i32::from_le_bytes(number(file, at)?);
        let vtable = at.checked_add_signed(-i64::from(back));
        let vtable = vtable.ok_or_else(|| InspectError::malformed(at, "a table has no fields"))?;
        let listed = u16::from_le_bytes(number(file, vtable)?);
        if listed < 4 {
            return Err(InspectError::malformed(vtable, "a table has no list of fields"));
        }
        Ok(Self { at, vtable, listed })
    }

    /// Where a field stands; `None` of one that has its default.
    fn field(&self, file: &mut Window<'_>, id: u16) -> Result<Option<u64>, InspectError> {
        let place = 4 + 2 * u64::from(id);
        if place + 2 > u64::from(self.listed) {
            return Ok(None);
        }
        let within = u16::from_le_bytes(number(file, self.vtable + place)?);
        Ok((within > 0).then(|| self.at + u64::from(within)))
    }

    /// A number of one byte, or its default.
    ///
    /// # Errors
    /// The file ends before it, or can't be read. So are those of the other fields.
    pub(super) fn byte(&self, file: &mut Window<'_>, id: u16) -> Result<u8, InspectError> {
        let Some(at) = self.field(file, id)? else { return Ok(0) };
        Ok(u8::from_le_bytes(number(file, at)?))
    }

    /// A number of four bytes, or its default.
    pub(super) fn int(
        &self,
        file: &mut Window<'_>,
        id: u16,
        default: u32,
    ) -> Result<u32, InspectError> {
        let Some(at) = self.field(file, id)? else { return Ok(default) };
        Ok(u32::from_le_bytes(number(file, at)?))
    }

    /// A number of eight bytes, or 0.
    pub(super) fn long(&self, file: &mut Window<'_>, id: u16) -> Result<u64, InspectError> {
        let Some(at) = self.field(file, id)? else { return Ok(0) };
        Ok(u64::from_le_bytes(number(file, at)?))
    }

    /// Another table.
    pub(super) fn table(
        &self,
        file: &mut Window<'_>,
        id: u16,
    ) -> Result<Option<Self>, InspectError> {
        let Some(at) = self.field(file, id)? else { return Ok(None) };
        let at = offset(file, at)?;
        Self::at(file, at).map(Some)
    }

    /// A vector whose elements have `width` bytes each; an empty one where there is none.
    pub(super) fn vector(
        &self,
        file: &mut Window<'_>,
        id: u16,
        width: u64,
    ) -> Result<Vector, InspectError> {
        let Some(at) = self.field(file, id)? else { return Ok(Vector { start: 0, count: 0 }) };
        let at = offset(file, at)?;
        let count = u64::from(u32::from_le_bytes(number(file, at)?));
        let (start, length) = (at + 4, count * width);
        if start + length > file.size() {
            return Err(InspectError::Truncated { at });
        }
        Ok(Vector { start, count })
    }

    /// A text; an empty one where there is none.
    pub(super) fn text(&self, file: &mut Window<'_>, id: u16) -> Result<String, InspectError> {
        let Vector { start, count } = self.vector(file, id, 1)?;
        if count > LONGEST_TEXT {
            return Err(InspectError::TooLong { at: start, limit: LONGEST_TEXT });
        }
        file.keep(count)?;
        let bytes = file.get(start..start + count)?.to_vec();
        String::from_utf8(bytes).map_err(|_| InspectError::malformed(start, "a text is no UTF-8"))
    }
}

impl Vector {
    /// The table that an element names.
    ///
    /// # Errors
    /// There is no such element, or the file can't be read. So are those of the other elements.
    pub(super) fn table(&self, file: &mut Window<'_>, index: u64) -> Result<Table, InspectError> {
        let at = offset(file, self.element(index, 4)?)?;
        Table::at(file, at)
    }

    /// A number of four bytes with its sign.
    pub(super) fn int(&self, file: &mut Window<'_>, index: u64) -> Result<i32, InspectError> {
        Ok(i32::from_le_bytes(number(file, self.element(index, 4)?)?))
    }

    /// A number of eight bytes with its sign.
    pub(super) fn long(&self, file: &mut Window<'_>, index: u64) -> Result<i64, InspectError> {
        Ok(i64::from_le_bytes(number(file, self.element(index, 8)?)?))
    }

    /// A floating number of four bytes.
    pub(super) fn float(&self, file: &mut Window<'_>, index: u64) -> Result<f32, InspectError> {
        Ok(f32::from_le_bytes(number(file, self.element(index, 4)?)?))
    }

    fn element(&self, index: u64, width: u64) -> Result<u64, InspectError> {
        if index >= self.count {
            return Err(InspectError::malformed(
                self.start,
                format!("there is no element {index}"),
            ));
        }
        Ok(self.start + index * width)
    }
}
