//! Cutting inputs into shards.

use super::input::is_packed;
use super::{InputFormat, Shard};
use crate::storage::Object;

/// A shard of a large input has about this many bytes.
const LARGEST: u64 = 64 << 20;
/// A shard is not smaller than this where its input is larger: rows may be few and slow, and a shard
/// costs about ten requests to the store.
const SMALLEST: u64 = 16 << 10;
/// A job of fewer bytes than `LARGEST` each is cut into about this many, so that several workers have
/// something to do.
const FEW: u64 = 32;
/// More shards than this cost more than they help; more inputs than this have one each.
const MOST: u64 = 10_000;

/// Cuts inputs into shards, in order: all bytes of all inputs, each input at least one. They depend on
/// nothing but the inputs, so that a job goes on with another number of workers.
///
/// JSON Lines and lists of files are cut anywhere: a row belongs to the shard in which it begins. What
/// is compressed can't be read from its middle, a TFRecord's frames are found from its start only, and
/// a quoted field of CSV may have line breaks in it: of these each input is one shard.
pub fn cut(inputs: &[Object], format: InputFormat) -> Vec<Shard> {
    let total: u64 = inputs.iter().map(|input| input.size).sum();
    let size = (total / FEW).clamp(SMALLEST, LARGEST).max(total.div_ceil(MOST));
    let mut shards = Vec::new();
    for (index, input) in inputs.iter().enumerate() {
        // A list of more inputs than this can't be listed either.
        let input_index = u32::try_from(index).unwrap_or(u32::MAX);
        let pieces = if can_be_cut(input, format) { input.size.div_ceil(size).max(1) } else { 1 };
        let at = |piece: u64| {
            // Of equal size: no shard is a small rest.
            let product = u128::from(input.size) * u128::from(piece) / u128::from(pieces);
            u64::try_from(product).unwrap_or(input.size)
        };
        shards.extend((0..pieces).map(|piece| Shard {
            input: input_index,
            begin: at(piece),
            end: at(piece + 1),
        }));
    }
    shards
}

/// An input may be read from its middle.
fn can_be_cut(input: &Object, format: InputFormat) -> bool {
    matches!(format, InputFormat::Jsonl | InputFormat::FileList) && !is_packed(format, input)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn object(name: &str, size: u64) -> Object {
        Object { place: name.into(), size, etag: None, modified: None }
    }

    #[test]
    fn what_cant_be_read_from_its_middle_is_whole() {
        let large = 1 << 30;
        let pieces = |name, format| cut(&[object(name, large)], format).len();
        assert_eq!(pieces("s3://b/a.jsonl", InputFormat::Jsonl), 32);
        assert_eq!(pieces("s3://b/a.jsonl.GZ", InputFormat::Jsonl), 1);
        assert_eq!(cut(&[object("a.jsonl", 100 << 10)], InputFormat::Jsonl).len(), 7);
        for format in [InputFormat::Csv, InputFormat::TfRecord, InputFormat::TfRecordGzip] {
            assert_eq!(pieces("s3://b/a", format), 1, "{format:?}");
        }
        assert_eq!(cut(&[object("a", 0)], InputFormat::Jsonl).len(), 1);
    }

    proptest! {
        #[test]
        fn shards_are_all_bytes_in_order(sizes in prop::collection::vec(0..1u64 << 42, 1..20)) {
            let inputs: Vec<Object> =
                sizes.iter().map(|size| object("s3://b/a.jsonl", *size)).collect();
            let shards = cut(&inputs, InputFormat::Jsonl);
            prop_assert!(shards.len() as u64 <= MOST + inputs.len() as u64);
            for (index, input) in inputs.iter().enumerate() {
                let own: Vec<&Shard> =
                    shards.iter().filter(|shard| shard.input as usize == index).collect();
                prop_assert_eq!(own[0].begin, 0);
                prop_assert_eq!(own[own.len() - 1].end, input.size);
                prop_assert!(own.windows(2).all(|pair| pair[0].end == pair[1].begin));
            }
            prop_assert!(shards.is_sorted_by_key(|shard| shard.input));
        }
    }
}
