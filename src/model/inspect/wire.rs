//! Protocol Buffers read field by field, without what nobody asks for
//! (<https://protobuf.dev/programming-guides/encoding/>). A graph of gigabytes is passed over by its length.

use std::ops::Range;

use super::InspectError;
use super::bytes::{LONGEST_TEXT, Window};

/// A number has ten bytes at most.
const LONGEST_VARINT: u64 = 10;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A number of any of the integer types, or a truth value.
    Number(u64),
    /// Eight bytes.
    Eight([u8; 8]),
    /// Four bytes.
    Four([u8; 4]),
    /// Where a text, bytes, a message or packed numbers stand in the file.
    Part(Range<u64>),
}

/// A field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Its number.
    pub(super) number: u64,
    /// What it holds.
    pub(super) value: Value,
}

/// The fields of a message, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Message {
    at: u64,
    end: u64,
}

impl Message {
    /// The message that fills a range.
    pub(super) fn new(range: Range<u64>) -> Self {
        Self { at: range.start, end: range.end }
    }

    /// The next field; `None` at the end.
    ///
    /// # Errors
    /// The bytes are no message, end too early, or can't be read.
    pub(super) fn next(&mut self, file: &mut Window<'_>) -> Result<Option<Field>, InspectError> {
        if self.at >= self.end {
            return Ok(None);
        }
        let start = self.at;
        let key = self.varint(file)?;
        let number = key >> 3;
        if number == 0 {
            return Err(InspectError::malformed(start, "a field has no number"));
        }
        let value = match key & 7 {
            0 => Value::Number(self.varint(file)?),
            1 => Value::Eight(self.fixed(file)?),
            5 => Value::Four(self.fixed(file)?),
            2 => {
                let length = self.varint(file)?;
                let end = self.at.checked_add(length).filter(|end| *end <= self.end);
                let end = end.ok_or(InspectError::Truncated { at: start })?;
                let part = self.at..end;
                self.at = end;
                Value::Part(part)
            }
            // Groups are in no message that is read here, and no writer makes them any more.
            _ => return Err(InspectError::malformed(start, "a field is of no known type")),
        };
        Ok(Some(Field { number, value }))
    }

    fn fixed<const N: usize>(&mut self, file: &mut Window<'_>) -> Result<[u8; N], InspectError> {
        let end = self.at + N as u64;
        if end > self.end {
            return Err(InspectError::Truncated { at: self.at });
        }
        let bytes = file.get(self.at..end)?;
        let fixed = bytes.first_chunk().copied();
        let fixed = fixed.ok_or(InspectError::Truncated { at: self.at })?;
        self.at = end;
        Ok(fixed)
    }

    fn varint(&mut self, file: &mut Window<'_>) -> Result<u64, InspectError> {
        let end = self.end.min(self.at + LONGEST_VARINT);
        let bytes = file.get(self.at..end)?;
        let mut number = 0_u64;
        for (index, byte) in bytes.iter().enumerate() {
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has one bit of 64 left.
            number |= bits.checked_shl(7 * index as u32).unwrap_or(0);
            if byte & 0x80 == 0 {
                self.at += index as u64 + 1;
                return Ok(number);
            }
        }
        Err(if bytes.len() as u64 == LONGEST_VARINT {
            InspectError::malformed(self.at, "a number has no end")
        } else {
            InspectError::Truncated { at: self.at }
        })
    }
}

/// A text.
///
/// # Errors
/// It is longer than any, no UTF-8, or can't be read.
pub(super) fn text(file: &mut Window<'_>, part: &Range<u64>) -> Result<String, InspectError> {
    let length = part.end - part.start;
    if length > LONGEST_TEXT {
        return Err(InspectError::TooLong { at: part.start, limit: LONGEST_TEXT });
    }
    file.keep(length)?;
    let bytes = file.get(part.clone())?.to_vec();
    String::from_utf8(bytes).map_err(|_| InspectError::malformed(part.start, "a text is no UTF-8"))
}

/// The key and the value of an entry of a map.
///
/// # Errors
/// As those of [`text`] and [`Message::next`].
pub(super) fn entry(
    file: &mut Window<'_>,
    part: Range<u64>,
) -> Result<(String, Range<u64>), InspectError> {
    let (mut key, mut value) = (String::new(), part.end..part.end);
    let mut message = Message::new(part);
    while let Some(field) = message.next(file)? {
        match field {
            Field { number: 1, value: Value::Part(part) } => key = text(file, &part)?,
            Field { number: 2, value: Value::Part(part) } => value = part,
            _ => {}
        }
    }
    Ok((key, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(bytes: &[u8]) -> Result<Vec<Field>, InspectError> {
        let mut file = Window::new(&bytes);
        let mut message = Message::new(0..bytes.len() as u64);
        let mut all = Vec::new();
        while let Some(field) = message.next(&mut file)? {
            all.push(field);
        }
        Ok(all)
    }

    #[test]
    fn every_type_of_field_is_read() {
        let bytes = [
            &[0x08, 0x96, 0x01][..],
            &[0x11, 1, 2, 3, 4, 5, 6, 7, 8],
            &[0x1a, 2, b'h', b'i'],
            &[0x25, 9, 8, 7, 6],
        ]
        .concat();
        let values: Vec<(u64, Value)> =
            fields(&bytes).unwrap().into_iter().map(|field| (field.number, field.value)).collect();
        let wanted = [
            (1, Value::Number(150)),
            (2, Value::Eight([1, 2, 3, 4, 5, 6, 7, 8])),
            (3, Value::Part(14..16)),
            (4, Value::Four([9, 8, 7, 6])),
        ];
        assert_eq!(values, wanted);
    }

    #[test]
    fn what_is_cut_or_claims_too_much_is_an_error() {
        let two_gigabytes = [0x0a, 0xff, 0xff, 0xff, 0xff, 0x07];
        for bytes in [&two_gigabytes[..], &[0x08], &[0x08, 0x80], &[0x11, 1], &[0x25, 1, 2, 3]] {
            assert!(matches!(fields(bytes), Err(InspectError::Truncated { .. })), "{bytes:?}");
        }
        for bytes in [&[0x00, 0x00][..], &[0x0b, 0x0c], &[0xff; 12]] {
            assert!(fields(bytes).is_err(), "{bytes:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes: Vec<u8>) {
            let _ = fields(&bytes);
        }
    }
}
