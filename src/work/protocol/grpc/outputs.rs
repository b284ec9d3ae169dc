//! From the outputs of an answer to a prediction for each row, as JSON.

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::json;

use crate::text::base64;
use crate::work::protocol::dialect::Found;
use crate::work::protocol::tensors::Datatype;
use crate::work::protocol::tensors::{BF16, FP16};

/// The most elements of one output: more than an answer of numbers can hold.
pub(super) const MOST_ELEMENTS: u64 = 512 << 20;

/// One output of an answer.
#[derive(Debug)]
pub(super) struct Output {
    /// Its name.
    pub(super) name: String,
    /// The type of its elements.
    pub(super) datatype: Datatype,
    /// Its shape.
    pub(super) shape: Vec<u64>,
    /// As many elements as the shape has.
    pub(super) data: Data,
}

/// Elements in row-major order.
#[derive(Debug, PartialEq)]
pub(super) enum Data {
    /// Of a fixed size each, little-endian.
    Fixed(Bytes),
    /// Strings, or bytes of any content.
    Bytes(Vec<Bytes>),
}

/// How many elements a shape has; the error is that of an answer that can't be true.
pub(super) fn elements(name: &str, shape: &[u64]) -> Result<usize, String> {
    let wrong = || format!("its output `{name}` has the shape {shape:?}, which is too large");
    // A dimension of 0 makes the others no less long to write.
    let most = shape.iter().try_fold(1_u64, |product, length| {
        product.checked_mul((*length).max(1)).filter(|product| *product <= MOST_ELEMENTS)
    });
    most.ok_or_else(wrong)?;
    Ok(shape.iter().product::<u64>() as usize)
}

/// Bytes of one element; 0 where they differ.
pub(super) fn size_of(datatype: Datatype) -> usize {
    match datatype {
        Datatype::Bool | Datatype::Uint8 | Datatype::Int8 => 1,
        Datatype::Uint16 | Datatype::Int16 | Datatype::Fp16 | Datatype::Bf16 => 2,
        Datatype::Uint32 | Datatype::Int32 | Datatype::Fp32 => 4,
        Datatype::Uint64 | Datatype::Int64 | Datatype::Fp64 => 8,
        Datatype::Bytes => 0,
    }
}

/// A prediction for each of so many rows: the value of the only output, or an object with the values of
/// all. Outputs that are not rows are the prediction of a single row as they are. The error says why
/// they can't be cut into so many.
pub(super) fn predictions(outputs: &[Output], count: usize) -> Result<Found, String> {
    if outputs.is_empty() {
        return Err("its answer has no outputs".into());
    }
    let has_rows = |output: &Output| output.shape.first().copied() == Some(count as u64);
    let other = outputs.iter().find(|output| !has_rows(output));
    if let Some(Output { name, shape, .. }) = other
        && (count != 1 || shape.first() == Some(&0))
    {
        return Err(format!("its output `{name}` has the shape {shape:?}, for {count} rows"));
    }
    let mut text = BytesMut::new();
    let mut rows = Vec::with_capacity(count);
    for row in 0..count {
        match outputs {
            [only] => only.write_row(has_rows(only), row, &mut text),
            several => {
                for (at, output) in several.iter().enumerate() {
                    text.put_slice(if at == 0 { b"{" } else { b"," });
                    text.put_slice(json!(output.name).to_string().as_bytes());
                    text.put_slice(b":");
                    output.write_row(has_rows(output), row, &mut text);
                }
                text.put_slice(b"}");
            }
        }
        rows.push(text.split().freeze());
    }
    Ok(Found { apart: other.is_some(), ..Found::rows(rows) })
}

impl Output {
    /// Writes the row's part of the output, or all of it where it has no rows.
    fn write_row(&self, has_rows: bool, row: usize, out: &mut BytesMut) {
        let shape = if has_rows { &self.shape[1..] } else { &self.shape[..] };
        let each = shape.iter().product::<u64>() as usize;
        let mut at = if has_rows { row * each } else { 0 };
        self.write(shape, &mut at, out);
    }

    fn write(&self, shape: &[u64], at: &mut usize, out: &mut BytesMut) {
        let Some((length, rest)) = shape.split_first() else {
            self.write_element(*at, out);
            *at += 1;
            return;
        };
        out.put_slice(b"[");
        for item in 0..*length {
            if item > 0 {
                out.put_slice(b",");
            }
            self.write(rest, at, out);
        }
        out.put_slice(b"]");
    }

    /// Numbers have the fewest digits that give the same number of their type again.
    fn write_element(&self, at: usize, out: &mut BytesMut) {
        let bytes = match &self.data {
            Data::Bytes(strings) => return self.write_string(&strings[at], out),
            Data::Fixed(bytes) => {
                let size = size_of(self.datatype);
                &bytes[at * size..(at + 1) * size]
            }
        };
        // Of as many bytes as the type has, so that nothing is cut off.
        let mut eight = [0; 8];
        eight[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(eight);
        match self.datatype {
            Datatype::Bool => out.put_slice(if bits == 0 { b"false" } else { b"true" }),
            Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32 | Datatype::Uint64 => {
                integer(bits.into(), out);
            }
            Datatype::Int8 => integer((bits as u8).cast_signed().into(), out),
            Datatype::Int16 => integer((bits as u16).cast_signed().into(), out),
            Datatype::Int32 => integer((bits as u32).cast_signed().into(), out),
            Datatype::Int64 => integer(bits.cast_signed().into(), out),
            Datatype::Fp16 => float(FP16.shortest(bits as u16), out),
            Datatype::Bf16 => float(BF16.shortest(bits as u16), out),
            Datatype::Fp64 => float(f64::from_bits(bits), out),
            Datatype::Fp32 => {
                let value = f32::from_bits(bits as u32);
                if value.is_finite() {
                    // Writing into memory doesn't fail.
                    let _ = serde_json::to_writer(out.writer(), &value);
                } else {
                    float(value.into(), out);
                }
            }
            Datatype::Bytes => {}
        }
    }

    /// As TF Serving has it: bytes where the output's name says so; and where they are no text.
    fn write_string(&self, string: &Bytes, out: &mut BytesMut) {
        let text = std::str::from_utf8(string).ok().filter(|_| !self.name.ends_with("_bytes"));
        if let Some(text) = text {
            // Writing into memory doesn't fail.
            let _ = serde_json::to_writer(out.writer(), text);
            return;
        }
        let mut encoded = Vec::new();
        base64::encode(string, &mut encoded);
        out.put_slice(b"{\"b64\":\"");
        out.put_slice(&encoded);
        out.put_slice(b"\"}");
    }
}

fn integer(value: i128, out: &mut BytesMut) {
    // Writing into memory doesn't fail.
    let _ = serde_json::to_writer(out.writer(), &value);
}

/// What is no number becomes a string, as over REST.
fn float(value: f64, out: &mut BytesMut) {
    if value.is_finite() {
        // Writing into memory doesn't fail.
        let _ = serde_json::to_writer(out.writer(), &value);
    } else if value.is_nan() {
        out.put_slice(b"\"NaN\"");
    } else {
        out.put_slice(if value > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output<const N: usize>(
        name: &str,
        datatype: Datatype,
        shape: &[u64],
        of: &[[u8; N]],
    ) -> Output {
        let data = Data::Fixed(of.concat().into());
        Output { name: name.into(), datatype, shape: shape.to_vec(), data }
    }

    fn rows(outputs: &[Output], count: usize) -> Result<(Vec<String>, bool), String> {
        let found = predictions(outputs, count)?;
        let text = |row: &Bytes| String::from_utf8(row.to_vec()).unwrap();
        Ok((found.rows.iter().map(text).collect(), found.apart))
    }

    #[test]
    fn numbers_have_the_digits_of_their_type() {
        let of = [0.1_f32, 1.0, 1e30, f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        let floats = output("y", Datatype::Fp32, &[6], &of.map(f32::to_le_bytes));
        let texts = ["0.1", "1.0", "1e+30", "\"NaN\"", "\"Infinity\"", "\"-Infinity\""];
        assert_eq!(rows(&[floats], 6).unwrap(), (texts.map(str::to_owned).to_vec(), false));
        let one = |output| rows(&[output], 1).unwrap().0.remove(0);
        let half = FP16.bits(0.1).to_le_bytes();
        assert_eq!(one(output("y", Datatype::Fp16, &[1], &[half])), "0.1");
        let half = BF16.bits(3.0).to_le_bytes();
        assert_eq!(one(output("y", Datatype::Bf16, &[1], &[half])), "3.0");
        let wide = [0.1_f64, 1.0 / 3.0].map(f64::to_le_bytes);
        assert_eq!(one(output("y", Datatype::Fp64, &[1, 2], &wide)), "[0.1,0.3333333333333333]");
        let most = u64::MAX.to_le_bytes();
        assert_eq!(one(output("y", Datatype::Uint64, &[1], &[most])), u64::MAX.to_string());
        assert_eq!(one(output("y", Datatype::Int64, &[1], &[most])), "-1");
        let ints = [[0xfe_u8], [3]];
        assert_eq!(one(output("y", Datatype::Int8, &[1, 2], &ints)), "[-2,3]");
        assert_eq!(one(output("y", Datatype::Bool, &[1, 2], &[[0_u8], [1]])), "[false,true]");
    }

    #[test]
    fn several_outputs_are_an_object_for_each_row() {
        let a = output("a", Datatype::Int32, &[2], &[1_i32, 2].map(i32::to_le_bytes));
        let b = output("b", Datatype::Uint8, &[2, 2, 1], &[[1_u8], [2], [3], [4]]);
        let (found, apart) = rows(&[a, b], 2).unwrap();
        assert_eq!(found, [r#"{"a":1,"b":[[1],[2]]}"#, r#"{"a":2,"b":[[3],[4]]}"#]);
        assert!(!apart);
    }

    #[test]
    fn strings_are_text_unless_they_are_bytes() {
        let strings = |name: &str| Output {
            name: name.into(),
            datatype: Datatype::Bytes,
            shape: vec![2],
            data: Data::Bytes(vec![Bytes::from_static(b"\xc3\xa9\""), Bytes::from_static(b"\xff")]),
        };
        let found = |name| rows(&[strings(name)], 2).unwrap().0;
        assert_eq!(found("y"), [r#""é\"""#, r#"{"b64":"/w=="}"#]);
        assert_eq!(found("y_bytes"), [r#"{"b64":"w6ki"}"#, r#"{"b64":"/w=="}"#]);
    }

    #[test]
    fn outputs_that_are_not_rows_belong_to_a_single_row() {
        let scalar = || output("s", Datatype::Int8, &[], &[[7_u8]]);
        let other = || output("y", Datatype::Int8, &[3], &[[1_u8], [2], [3]]);
        assert!(rows(&[scalar()], 2).unwrap_err().contains("for 2 rows"));
        assert_eq!(rows(&[scalar()], 1).unwrap(), (vec!["7".to_owned()], true));
        let row = output("r", Datatype::Int8, &[1, 1], &[[5_u8]]);
        let found = rows(&[other(), row], 1).unwrap();
        assert_eq!(found, (vec![r#"{"y":[1,2,3],"r":[5]}"#.to_owned()], true));
        let none = Output { shape: vec![0], data: Data::Fixed(Bytes::new()), ..other() };
        assert!(rows(&[none], 1).is_err());
    }

    #[test]
    fn a_shape_that_no_answer_can_hold_is_refused() {
        assert_eq!(elements("y", &[2, 0, 3]), Ok(0));
        assert!(elements("y", &[u64::MAX, 2]).is_err());
        assert!(elements("y", &[1 << 40, 0]).is_err());
    }
}
