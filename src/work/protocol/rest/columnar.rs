//! TF Serving's columnar form, for models that rows can't ask: a scalar output, or outputs whose first
//! dimension is not the batch (<https://www.tensorflow.org/tfx/serving/api_rest>).

use std::fmt::Write;

use bytes::Bytes;
use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::answer;

/// TF Serving's words for a model whose outputs can't be rows.
const WORDS: [&str; 4] = [
    "inconsistent batch size",
    "expecting batch size",
    "has no batch dimension",
    "no shape information",
];

/// A refusal means that rows can't hold this model's outputs.
pub(in crate::work::protocol) fn is_needed(status: u16, reason: &str) -> bool {
    status == 400 && WORDS.iter().any(|word| reason.contains(word))
}

/// The body that asks for one row, as a batch of one.
pub(in crate::work::protocol) fn body(signature: Option<&str>, row: &[u8]) -> Bytes {
    let text = String::from_utf8_lossy(row);
    let mut body = String::from("{");
    if let Some(signature) = signature {
        let _ = write!(body, "\"signature_name\":{},", serde_json::json!(signature));
    }
    body.push_str("\"inputs\":");
    let fields = serde_json::from_slice::<IndexMap<String, &RawValue>>(row).ok();
    match fields.filter(|fields| !(fields.len() == 1 && fields.contains_key("b64"))) {
        Some(fields) => {
            let inputs: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{}:[{}]", serde_json::json!(name), value.get()))
                .collect();
            let _ = write!(body, "{{{}}}", inputs.join(","));
        }
        None => {
            let _ = write!(body, "[{text}]");
        }
    }
    body.push('}');
    body.into()
}

/// The prediction of that one row: each output without its batch dimension, where it has one of 1.
pub(in crate::work::protocol) fn prediction(body: &Bytes) -> Result<Bytes, String> {
    let body = answer::readable(body)?;
    let outputs = answer::field(&body, "outputs")?;
    let Ok(named) = serde_json::from_slice::<IndexMap<String, &RawValue>>(&outputs) else {
        return Ok(first_of_one(&outputs));
    };
    let fields: Vec<String> = named
        .iter()
        .map(|(name, value)| {
            let value = first_of_one(&outputs.slice_ref(value.get().as_bytes()));
            format!("{}:{}", serde_json::json!(name), String::from_utf8_lossy(&value))
        })
        .collect();
    Ok(format!("{{{}}}", fields.join(",")).into())
}

fn first_of_one(value: &Bytes) -> Bytes {
    match answer::elements(value).as_deref() {
        Some([only]) => only.clone(),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_batch_of_one() {
        let text = |row: &str| {
            String::from_utf8(body(None, &Bytes::copy_from_slice(row.as_bytes())).to_vec()).unwrap()
        };
        assert_eq!(text("[1.50]"), r#"{"inputs":[[1.50]]}"#);
        assert_eq!(text(r#"{"b64":"AA=="}"#), r#"{"inputs":[{"b64":"AA=="}]}"#);
        assert_eq!(text(r#"{"a":1,"b":[2]}"#), r#"{"inputs":{"a":[1],"b":[[2]]}}"#);
    }

    #[test]
    fn outputs_lose_a_batch_dimension_of_one() {
        let of = |body: &str| {
            let body = prediction(&Bytes::copy_from_slice(body.as_bytes())).unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        };
        assert_eq!(of(r#"{"outputs":0.5}"#), "0.5");
        assert_eq!(of(r#"{"outputs":[[1, 2]]}"#), "[1, 2]");
        assert_eq!(of(r#"{"outputs":[1, 2]}"#), "[1, 2]");
        assert_eq!(of(r#"{"outputs":{"a":[3],"s":0.5}}"#), r#"{"a":3,"s":0.5}"#);
    }
}
