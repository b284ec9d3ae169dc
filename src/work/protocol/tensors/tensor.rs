//! Tensors of the Open Inference Protocol: types, and from an output in JSON back to rows.
//!
//! The protocol: <https://github.com/kserve/open-inference-protocol>.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

/// The type of a tensor's elements, in the protocol's words. The order is that of what can hold more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(in crate::work) enum Datatype {
    /// True or false.
    Bool,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Int8,
    Int16,
    Int32,
    Int64,
    Fp16,
    Bf16,
    Fp32,
    Fp64,
    /// Strings, and bytes of any content.
    Bytes,
}

impl Datatype {
    /// The type of this name; `None` for a word that the protocol doesn't have.
    pub(in crate::work::protocol) fn named(word: &str) -> Option<Self> {
        serde_json::from_value(Json::String(word.to_owned())).ok()
    }

    /// Its name in the protocol: that of the variant, in capitals.
    pub(in crate::work) fn name(self) -> String {
        format!("{self:?}").to_uppercase()
    }
}

/// An input or output as the model's metadata describe it.
#[derive(Clone, Debug, Deserialize)]
pub(in crate::work) struct TensorInfo {
    /// Its name.
    pub(in crate::work) name: String,
    /// Its type; `None` for a word that the protocol doesn't have.
    #[serde(default, deserialize_with = "known")]
    pub(in crate::work) datatype: Option<Datatype>,
    /// Its shape with the batch first, -1 where any length will do; empty where it is not known.
    #[serde(default, deserialize_with = "lengths")]
    pub(in crate::work) shape: Vec<i64>,
}

fn known<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Datatype>, D::Error> {
    let word = Option::<String>::deserialize(deserializer)?;
    Ok(word.and_then(|word| Datatype::named(&word)))
}

/// The lengths of a shape, which some servers write as texts; none where one of them is anything else.
fn lengths<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<i64>, D::Error> {
    let lengths = Option::<Vec<Json>>::deserialize(deserializer)?.unwrap_or_default();
    let length = |json: &Json| json.as_i64().or_else(|| json.as_str()?.parse().ok());
    Ok(lengths.iter().map(length).collect::<Option<_>>().unwrap_or_default())
}

/// Arrays in arrays, and sides of a tensor, at most: no framework has tensors of more.
const DEEPEST: usize = 64;
/// The longest side of a tensor without elements: it is written out.
const LONGEST_EMPTY: u64 = 1 << 16;

/// One output of an answer, cut into rows.
#[derive(Debug, Deserialize)]
pub(in crate::work::protocol) struct Output<'a> {
    /// Its name.
    pub(in crate::work::protocol) name: String,
    shape: Vec<u64>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl Output<'_> {
    /// The rows' parts of the output, as JSON text: the server's own numbers, in the shape that one row
    /// has. The error says why it can't be cut into so many.
    pub(in crate::work::protocol) fn rows(&self, count: usize) -> Result<Vec<String>, String> {
        let name = &self.name;
        let data = self.data.ok_or_else(|| format!("its output `{name}` has no data"))?;
        let mut flat = Vec::new();
        flatten(data.get(), &mut flat, 0)?;
        let whole = self.shape.iter().try_fold(1, |size: u64, side| size.checked_mul(*side));
        let wrong = || {
            format!(
                "its output `{name}` has the shape {:?} and {} elements, for {count} rows",
                self.shape,
                flat.len()
            )
        };
        if self.shape.first().copied() != Some(count as u64) || whole != Some(flat.len() as u64) {
            return Err(wrong());
        }
        let inner = &self.shape[1..];
        // An empty tensor may be as large as it likes in its other sides.
        if inner.len() > DEEPEST
            || inner.iter().any(|side| *side > LONGEST_EMPTY) && flat.is_empty()
        {
            return Err(wrong());
        }
        let each = flat.len() / count.max(1);
        Ok((0..count).map(|row| nested(&flat[row * each..(row + 1) * each], inner)).collect())
    }
}

/// The elements of data that may be nested, in row-major order.
fn flatten<'a>(text: &'a str, out: &mut Vec<&'a str>, depth: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("its answer has arrays in arrays, more than {DEEPEST} deep"));
    }
    if text.starts_with('[') {
        let items: Vec<&'a RawValue> =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        return items.into_iter().try_for_each(|item| flatten(item.get(), out, depth + 1));
    }
    out.push(text);
    Ok(())
}

fn nested(flat: &[&str], shape: &[u64]) -> String {
    let Some((first, rest)) = shape.split_first() else {
        return flat.first().copied().unwrap_or("null").to_owned();
    };
    let each = rest.iter().product::<u64>() as usize;
    let parts = (0..*first as usize).map(|at| nested(&flat[at * each..(at + 1) * each], rest));
    format!("[{}]", parts.collect::<Vec<_>>().join(","))
}

/// The JSON of an answer as text that lives as long as its bytes.
pub(in crate::work::protocol) fn text(bytes: &Bytes) -> Result<&str, String> {
    std::str::from_utf8(bytes).map_err(|error| format!("its answer is no text: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_cut_into_rows_whether_flat_or_nested() {
        for data in ["[1.0,2,3,4]", "[[1.0,2],[3,4]]"] {
            let text = format!(r#"{{"name":"y","datatype":"FP32","shape":[2,2],"data":{data}}}"#);
            let output: Output<'_> = serde_json::from_str(&text).unwrap();
            assert_eq!(output.rows(2).unwrap(), ["[1.0,2]", "[3,4]"]);
            assert!(output.rows(3).unwrap_err().contains("for 3 rows"));
        }
        let refused = |shape: &str, data: &str| {
            let text = format!(r#"{{"name":"y","shape":{shape},"data":{data}}}"#);
            serde_json::from_str::<Output<'_>>(&text).unwrap().rows(2).unwrap_err()
        };
        for (shape, data) in [
            ("[2,9223372036854775808,2]", "[1,2]".to_owned()),
            ("[2,1099511627776,0]", "[]".to_owned()),
            ("[2,1]", "[".repeat(5000) + "1" + &"]".repeat(5000)),
        ] {
            assert!(!refused(shape, &data).is_empty());
        }
        let scalar: Output<'_> =
            serde_json::from_str(r#"{"name":"y","shape":[2],"data":["a","b"]}"#).unwrap();
        assert_eq!(scalar.rows(2).unwrap(), [r#""a""#, r#""b""#]);
        let none: Output<'_> = serde_json::from_str(r#"{"name":"y","shape":[1]}"#).unwrap();
        assert!(none.rows(1).unwrap_err().contains("no data"));
    }
}
