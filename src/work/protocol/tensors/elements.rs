//! What a tensor of a request holds.

use bytes::Bytes;

/// The elements of a tensor in row-major order.
#[derive(Debug, PartialEq)]
pub(in crate::work::protocol) enum Elements {
    /// Of a fixed size each, little-endian.
    Fixed(Vec<u8>),
    /// Strings, or bytes of any content.
    Bytes(Vec<Bytes>),
}

impl Elements {
    /// The binary form of the Open Inference Protocol: each string has its length before it.
    pub(in crate::work::protocol) fn raw(self) -> Vec<u8> {
        match self {
            Self::Fixed(bytes) => bytes,
            Self::Bytes(strings) => {
                let mut out = Vec::with_capacity(strings.iter().map(|one| one.len() + 4).sum());
                for string in strings {
                    out.extend((string.len() as u32).to_le_bytes());
                    out.extend(string);
                }
                out
            }
        }
    }
}
