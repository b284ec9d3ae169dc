//! The framing of TFRecord files: a record's length and its checksum, the data and their checksum
//! (<https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details>). Inputs of
//! batch predictions have it, and TensorBoard's event files.

use crc_fast::{CrcAlgorithm, checksum};

/// How many bytes a record has before its data: the length and its checksum.
pub(crate) const HEAD: usize = 12;
/// How many bytes a record has behind its data: their checksum.
pub(crate) const TAIL: usize = 4;

/// How many bytes of data the record with this head has, or `None` where the head is damaged. The
/// number may be anything: nothing says yet that so many bytes follow.
pub(crate) fn length(head: &[u8]) -> Option<u64> {
    let length: [u8; 8] = head.get(..8)?.try_into().ok()?;
    is_sound(&length, head.get(8..HEAD)?).then_some(u64::from_le_bytes(length))
}

/// Whether data are as this checksum says, the four bytes as they are in the file.
pub(crate) fn is_sound(data: &[u8], sum: &[u8]) -> bool {
    masked(data).to_le_bytes() == sum
}

/// TFRecord's checksum: CRC-32C, turned and shifted so that data that holds checksums has none of its
/// own by accident.
fn masked(bytes: &[u8]) -> u32 {
    let crc = checksum(CrcAlgorithm::Crc32Iscsi, bytes) as u32;
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A file of these records.
#[cfg(test)]
pub(crate) fn framed<T: AsRef<[u8]>>(records: &[T]) -> Vec<u8> {
    let mut file = Vec::new();
    for record in records.iter().map(AsRef::as_ref) {
        let length = (record.len() as u64).to_le_bytes();
        file.extend(length);
        file.extend(masked(&length).to_le_bytes());
        file.extend(record);
        file.extend(masked(record).to_le_bytes());
    }
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_as_tensorflow_writes_it() {
        let hello = b"\x05\0\0\0\0\0\0\0\xea\xb2\x04\x3ehello\xbb\x1f\x1c\x19";
        assert_eq!(framed(&[b"hello"]), hello);
        assert_eq!(length(hello), Some(5));
        assert!(is_sound(&hello[HEAD..HEAD + 5], &hello[HEAD + 5..]));
        assert!(!is_sound(b"hellp", &hello[HEAD + 5..]));
        assert!(!is_sound(b"hello", &hello[HEAD + 5..HEAD + 7]));
    }

    #[test]
    fn a_damaged_or_cut_head_has_no_length() {
        let mut head = framed(&[b""])[..HEAD].to_vec();
        assert_eq!(length(&head), Some(0));
        assert_eq!(length(&head[..HEAD - 1]), None);
        head[3] ^= 1;
        assert_eq!(length(&head), None);
    }
}
