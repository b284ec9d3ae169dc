//! The protocol's form of tensors, to and from the one that is used here.

use bytes::{Buf, Bytes, BytesMut};

use super::messages::{Contents, InferTensor};
use crate::work::protocol::grpc::outputs::{Data, Output, elements, size_of};
use crate::work::protocol::tensors::Datatype;
use crate::work::protocol::tensors::FP16;

/// An output, from its raw form where the answer has one. The error says why it can't be read.
pub(super) fn output(tensor: InferTensor, raw: Option<Bytes>) -> Result<Output, String> {
    let InferTensor { name, datatype, shape, contents } = tensor;
    let datatype = Datatype::named(&datatype)
        .ok_or_else(|| format!("its output `{name}` has the type {datatype}, which is unknown"))?;
    let lengths = shape.iter().map(|length| u64::try_from(*length)).collect::<Result<_, _>>();
    let shape: Vec<u64> = lengths.map_err(|_| format!("its output `{name}` has no shape"))?;
    let count = elements(&name, &shape)?;
    let contents = contents.unwrap_or_default();
    let (found, data) = if datatype == Datatype::Bytes {
        let strings = match raw {
            Some(raw) => {
                strings(raw).ok_or_else(|| format!("its output `{name}` is cut off in a string"))?
            }
            None => contents.bytes,
        };
        (strings.len(), Data::Bytes(strings))
    } else {
        let bytes = raw.unwrap_or_else(|| values(datatype, &contents).freeze());
        let size = size_of(datatype);
        if !bytes.len().is_multiple_of(size) {
            return Err(format!("its output `{name}` is cut off in a number"));
        }
        (bytes.len() / size, Data::Fixed(bytes))
    };
    if found != count {
        return Err(format!("its output `{name}` has {found} elements for the shape {shape:?}"));
    }
    Ok(Output { name, datatype, shape, data })
}

/// Strings with their lengths before them; `None` where the last one is not whole.
fn strings(mut raw: Bytes) -> Option<Vec<Bytes>> {
    let mut strings = Vec::new();
    while raw.has_remaining() {
        let length = raw.try_get_u32_le().ok()? as usize;
        if raw.remaining() < length {
            return None;
        }
        strings.push(raw.split_to(length));
    }
    Some(strings)
}

/// The elements of the list that holds those of this type, little-endian.
fn values(datatype: Datatype, contents: &Contents) -> BytesMut {
    let mut out = BytesMut::new();
    macro_rules! each {
        ($list:ident, $type:ty) => {
            contents.$list.iter().for_each(|value| {
                out.extend_from_slice(&(*value as $type).to_le_bytes());
            })
        };
    }
    match datatype {
        Datatype::Bool => each!(bools, u8),
        Datatype::Int8 => each!(ints, i8),
        Datatype::Int16 => each!(ints, i16),
        Datatype::Int32 => each!(ints, i32),
        Datatype::Int64 => each!(int64s, i64),
        Datatype::Uint8 => each!(uints, u8),
        Datatype::Uint16 => each!(uints, u16),
        Datatype::Uint32 => each!(uints, u32),
        Datatype::Uint64 => each!(uint64s, u64),
        Datatype::Fp32 => each!(fp32s, f32),
        Datatype::Fp64 => each!(fp64s, f64),
        // The protocol has no list for it; some servers take the next larger type's.
        Datatype::Fp16 => contents.fp32s.iter().for_each(|value| {
            out.extend_from_slice(&FP16.bits(f64::from(*value)).to_le_bytes());
        }),
        Datatype::Bf16 | Datatype::Bytes => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::protocol::grpc::outputs::predictions;

    fn rows(
        (datatype, shape): (&str, &[i64]),
        contents: Option<Contents>,
        raw: Option<&'static [u8]>,
    ) -> Result<Vec<String>, String> {
        let count = shape[0] as usize;
        let (name, datatype) = ("y".to_owned(), datatype.to_owned());
        let tensor = InferTensor { name, datatype, shape: shape.to_vec(), contents };
        let found = predictions(&[output(tensor, raw.map(Bytes::from_static))?], count)?;
        Ok(found.rows.iter().map(|row| String::from_utf8(row.to_vec()).unwrap()).collect())
    }

    #[test]
    fn raw_outputs_are_little_endian_with_lengths_before_strings() {
        let numbers = rows(("INT16", &[2, 1]), None, Some(&[1, 0, 0xfe, 0xff]));
        assert_eq!(numbers.unwrap(), ["[1]", "[-2]"]);
        let halves = rows(("FP16", &[2]), None, Some(&[0, 0x3c, 0x66, 0x2e]));
        assert_eq!(halves.unwrap(), ["1.0", "0.1"]);
        let strings = rows(("BYTES", &[2]), None, Some(&[1, 0, 0, 0, b'a', 0, 0, 0, 0]));
        assert_eq!(strings.unwrap(), [r#""a""#, r#""""#]);
        for cut in [&[1, 0, 0][..], &[5, 0, 0, 0, b'a']] {
            assert!(rows(("BYTES", &[1]), None, Some(cut)).unwrap_err().contains("cut off"));
        }
        assert!(rows(("FP32", &[1]), None, Some(&[0; 3])).unwrap_err().contains("cut off"));
        assert!(rows(("FP32", &[2]), None, Some(&[0; 4])).unwrap_err().contains("1 elements"));
        assert!(rows(("COMPLEX", &[1]), None, Some(&[0; 4])).unwrap_err().contains("unknown"));
    }

    #[test]
    fn every_list_of_contents_is_read() {
        let of = |datatype: &str, contents: Contents| {
            rows((datatype, &[1]), Some(contents), None).unwrap().remove(0)
        };
        let default = Contents::default;
        assert_eq!(of("FP32", Contents { fp32s: vec![0.1], ..default() }), "0.1");
        assert_eq!(of("FP16", Contents { fp32s: vec![0.1], ..default() }), "0.1");
        assert_eq!(of("FP64", Contents { fp64s: vec![0.1], ..default() }), "0.1");
        assert_eq!(of("BOOL", Contents { bools: vec![true], ..default() }), "true");
        assert_eq!(of("INT8", Contents { ints: vec![-3], ..default() }), "-3");
        assert_eq!(of("INT64", Contents { int64s: vec![-3], ..default() }), "-3");
        assert_eq!(of("UINT8", Contents { uints: vec![255], ..default() }), "255");
        assert_eq!(of("UINT64", Contents { uint64s: vec![3], ..default() }), "3");
        let bytes = vec![Bytes::from_static(b"a")];
        assert_eq!(of("BYTES", Contents { bytes, ..default() }), r#""a""#);
        // Nothing is repeated here, as it is in TensorFlow's messages.
        assert!(rows(("FP32", &[2]), Some(default()), None).is_err());
    }
}
