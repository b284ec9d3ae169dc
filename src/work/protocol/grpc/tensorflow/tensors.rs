//! TensorFlow's form of tensors, to and from the one that is used here.

use bytes::{Bytes, BytesMut};

use super::messages::{Dim, TensorProto, TensorShapeProto};
use crate::work::protocol::grpc::outputs::{Data, Output, elements, size_of};
use crate::work::protocol::tensors::Datatype;
use crate::work::protocol::tensors::Elements;

/// The types, by TensorFlow's numbers for them (types.proto).
const TYPES: [(i32, Datatype); 14] = [
    (1, Datatype::Fp32),
    (2, Datatype::Fp64),
    (3, Datatype::Int32),
    (4, Datatype::Uint8),
    (5, Datatype::Int16),
    (6, Datatype::Int8),
    (7, Datatype::Bytes),
    (9, Datatype::Int64),
    (10, Datatype::Bool),
    (14, Datatype::Bf16),
    (17, Datatype::Uint16),
    (19, Datatype::Fp16),
    (22, Datatype::Uint32),
    (23, Datatype::Uint64),
];

/// The type of this number; `None` for one that can't be sent, such as complex numbers.
pub(super) fn datatype(number: i32) -> Option<Datatype> {
    TYPES.iter().find(|(known, _)| *known == number).map(|(_, datatype)| *datatype)
}

/// The tensor of an input.
pub(super) fn input(datatype: Datatype, shape: &[u64], elements: Elements) -> TensorProto {
    let number =
        TYPES.iter().find(|(_, known)| *known == datatype).map_or(0, |(number, _)| *number);
    let dim = shape.iter().map(|length| Dim { size: length.cast_signed() }).collect();
    let mut tensor = TensorProto {
        dtype: number,
        tensor_shape: Some(TensorShapeProto { dim, unknown_rank: false }),
        ..TensorProto::default()
    };
    match elements {
        Elements::Fixed(bytes) => tensor.tensor_content = bytes.into(),
        Elements::Bytes(strings) => tensor.string_val = strings,
    }
    tensor
}

/// An output. The error says why it can't be read.
pub(super) fn output(name: &str, tensor: TensorProto) -> Result<Output, String> {
    let datatype = datatype(tensor.dtype).ok_or_else(|| {
        format!("its output `{name}` has the type {}, which has no form in JSON", tensor.dtype)
    })?;
    let dims = tensor.tensor_shape.clone().unwrap_or_default();
    let lengths = dims.dim.iter().map(|dim| u64::try_from(dim.size));
    let shape: Vec<u64> = lengths
        .collect::<Result<_, _>>()
        .ok()
        .filter(|_| !dims.unknown_rank)
        .ok_or_else(|| format!("its output `{name}` has no shape"))?;
    let count = elements(name, &shape)?;
    let size = size_of(datatype);
    let wrong =
        |found: usize| format!("its output `{name}` has {found} elements for the shape {shape:?}");
    let data = if datatype == Datatype::Bytes {
        let mut strings = tensor.string_val;
        if strings.len() > count {
            return Err(wrong(strings.len()));
        }
        if let Some(last) = strings.last().cloned() {
            strings.resize(count, last);
        } else {
            strings.resize(count, Bytes::new());
        }
        Data::Bytes(strings)
    } else if tensor.tensor_content.is_empty() {
        let given = values(datatype, &tensor);
        if given.len() > count * size {
            return Err(wrong(given.len() / size));
        }
        Data::Fixed(filled(given, count * size, size))
    } else {
        if tensor.tensor_content.len() != count * size {
            return Err(wrong(tensor.tensor_content.len() / size));
        }
        Data::Fixed(tensor.tensor_content)
    };
    Ok(Output { name: name.to_owned(), datatype, shape, data })
}

/// A list that is too short stands for one that goes on with its last value, an empty one for zeros.
fn filled(mut given: BytesMut, length: usize, size: usize) -> Bytes {
    if given.is_empty() {
        given.resize(length, 0);
    } else if given.len() < length {
        let last = given[given.len() - size..].to_vec();
        let missing = (length - given.len()) / size;
        given.extend_from_slice(&last.repeat(missing));
    }
    given.freeze()
}

/// The elements of the list that holds those of this type, little-endian.
fn values(datatype: Datatype, tensor: &TensorProto) -> BytesMut {
    let mut out = BytesMut::new();
    macro_rules! each {
        ($list:ident, $type:ty) => {
            tensor.$list.iter().for_each(|value| {
                out.extend_from_slice(&(*value as $type).to_le_bytes());
            })
        };
    }
    match datatype {
        Datatype::Fp32 => each!(float_val, f32),
        Datatype::Fp64 => each!(double_val, f64),
        Datatype::Int32 => each!(int_val, i32),
        Datatype::Int16 => each!(int_val, i16),
        Datatype::Int8 => each!(int_val, i8),
        Datatype::Uint8 => each!(int_val, u8),
        Datatype::Uint16 => each!(int_val, u16),
        Datatype::Uint32 => each!(uint32_val, u32),
        Datatype::Uint64 => each!(uint64_val, u64),
        Datatype::Int64 => each!(int64_val, i64),
        Datatype::Fp16 | Datatype::Bf16 => each!(half_val, u16),
        Datatype::Bool => each!(bool_val, u8),
        Datatype::Bytes => {}
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::work::protocol::grpc::outputs::predictions;
    use crate::work::protocol::tensors::FP16;
    use crate::work::protocol::tensors::fill;

    fn rows(tensor: TensorProto, count: usize) -> Result<Vec<String>, String> {
        let found = predictions(&[output("y", tensor)?], count)?;
        Ok(found.rows.iter().map(|row| String::from_utf8(row.to_vec()).unwrap()).collect())
    }

    /// The rows as a tensor, and as rows again.
    fn through(datatype: Datatype, values: &[&str]) -> Vec<String> {
        let (inner, elements) = fill("x", datatype, values).unwrap();
        let shape: Vec<u64> = std::iter::once(values.len() as u64).chain(inner).collect();
        rows(input(datatype, &shape, elements), values.len()).unwrap()
    }

    fn tensor(datatype: Datatype, shape: &[u64]) -> TensorProto {
        input(datatype, shape, Elements::Fixed(Vec::new()))
    }

    #[test]
    fn rows_come_back_as_they_were() {
        for (datatype, values) in [
            (Datatype::Fp32, ["[0.1,-2.5]", "[1e-7,16777216.0]"]),
            (Datatype::Fp64, ["0.1", "-3.141592653589793"]),
            (Datatype::Fp16, ["0.1", "-2.0"]),
            (Datatype::Bf16, ["0.1", "3e+38"]),
            (Datatype::Int32, ["[[1],[-2]]", "[[3],[4]]"]),
            (Datatype::Int64, ["9223372036854775807", "-9223372036854775808"]),
            (Datatype::Uint64, ["18446744073709551615", "0"]),
            (Datatype::Int8, ["[-128]", "[127]"]),
            (Datatype::Uint16, ["65535", "0"]),
            (Datatype::Bool, ["true", "false"]),
            (Datatype::Bytes, [r#"["é"]"#, r#"[{"b64":"/w=="}]"#]),
            (Datatype::Fp32, ["[]", "[]"]),
        ] {
            assert_eq!(through(datatype, &values), values, "{datatype:?}");
        }
    }

    #[test]
    fn every_list_of_values_is_read() {
        let floats = TensorProto { float_val: vec![0.5, 2.0], ..tensor(Datatype::Fp32, &[2]) };
        assert_eq!(rows(floats, 2).unwrap(), ["0.5", "2.0"]);
        let half = i32::from(FP16.bits(0.1));
        let halves = TensorProto { half_val: vec![half], ..tensor(Datatype::Fp16, &[1]) };
        assert_eq!(rows(halves, 1).unwrap(), ["0.1"]);
        let small = TensorProto { int_val: vec![-1, 7], ..tensor(Datatype::Int8, &[2]) };
        assert_eq!(rows(small, 2).unwrap(), ["-1", "7"]);
        let flags = TensorProto { bool_val: vec![true], ..tensor(Datatype::Bool, &[1]) };
        assert_eq!(rows(flags, 1).unwrap(), ["true"]);
        let wide = TensorProto { int64_val: vec![1 << 40], ..tensor(Datatype::Int64, &[1]) };
        assert_eq!(rows(wide, 1).unwrap(), ["1099511627776"]);
    }

    #[test]
    fn a_short_list_goes_on_with_its_last_value() {
        let one = TensorProto { float_val: vec![0.5], ..tensor(Datatype::Fp32, &[2, 2]) };
        assert_eq!(rows(one, 2).unwrap(), ["[0.5,0.5]", "[0.5,0.5]"]);
        let two = TensorProto { int_val: vec![1, 2], ..tensor(Datatype::Int32, &[4]) };
        assert_eq!(rows(two, 4).unwrap(), ["1", "2", "2", "2"]);
        assert_eq!(rows(tensor(Datatype::Int32, &[2]), 2).unwrap(), ["0", "0"]);
        let text = TensorProto {
            string_val: vec![Bytes::from_static(b"a")],
            ..tensor(Datatype::Bytes, &[2])
        };
        assert_eq!(rows(text, 2).unwrap(), [r#""a""#, r#""a""#]);
    }

    #[test]
    fn an_output_that_contradicts_itself_is_refused() {
        let long = TensorProto { float_val: vec![1.0; 3], ..tensor(Datatype::Fp32, &[2]) };
        assert!(rows(long, 2).unwrap_err().contains("3 elements"));
        let content = Bytes::from_static(&[0; 7]);
        let odd = TensorProto { tensor_content: content, ..tensor(Datatype::Fp32, &[2]) };
        assert!(rows(odd, 2).is_err());
        let huge = TensorProto { float_val: vec![1.0], ..tensor(Datatype::Fp32, &[1, 1 << 50]) };
        assert!(rows(huge, 1).unwrap_err().contains("too large"));
        let complex = TensorProto { dtype: 8, ..tensor(Datatype::Fp32, &[1]) };
        assert!(rows(complex, 1).unwrap_err().contains("no form in JSON"));
    }

    proptest! {
        #[test]
        fn numbers_survive_the_way_there_and_back(
            floats in prop::collection::vec(any::<f32>().prop_filter("finite", |x| x.is_finite()), 1..9),
            ints in prop::collection::vec(any::<i64>(), 1..9),
        ) {
            let texts: Vec<String> =
                floats.iter().map(|value| serde_json::to_string(value).unwrap()).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            prop_assert_eq!(through(Datatype::Fp32, &texts), texts);
            let texts: Vec<String> = ints.iter().map(i64::to_string).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            prop_assert_eq!(through(Datatype::Int64, &texts), texts);
        }
    }
}
