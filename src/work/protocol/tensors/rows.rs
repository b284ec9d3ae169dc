//! Rows as the inputs of a model by name: what the Open Inference Protocol asks for.

use indexmap::IndexMap;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::tensor::{Datatype, TensorInfo};

/// The values of all rows for each input of a model, as JSON text.
pub(in crate::work::protocol) type Columns<'a> = IndexMap<String, Vec<&'a str>>;

/// Sorts the rows' values by input: an object has a value for each input, anything else is the value of
/// the only one. `inputs` are those of the model's metadata, empty where it tells none. The error says
/// which row is wrong and why.
pub(in crate::work::protocol) fn columns<'a>(
    rows: &'a [impl AsRef<[u8]>],
    inputs: &[TensorInfo],
) -> Result<Columns<'a>, String> {
    let mut columns: Columns<'a> =
        inputs.iter().map(|input| (input.name.clone(), Vec::new())).collect();
    for row in rows {
        let row = std::str::from_utf8(row.as_ref()).map_err(|error| error.to_string())?;
        let fields = serde_json::from_str::<IndexMap<String, &RawValue>>(row).ok();
        let fields = fields.filter(|fields| !is_bytes(fields));
        let Some(fields) = fields else {
            let only = match inputs {
                [only] => only.name.clone(),
                [] => "input-0".into(),
                several => {
                    let names: Vec<&str> =
                        several.iter().map(|input| input.name.as_str()).collect();
                    return Err(format!(
                        "the model has the inputs {}, and the row is no object with them",
                        names.join(", ")
                    ));
                }
            };
            columns.entry(only).or_default().push(row);
            continue;
        };
        if let Some(missing) = inputs.iter().find(|input| !fields.contains_key(&input.name)) {
            return Err(format!("the row has no `{}`, an input of the model", missing.name));
        }
        for (name, value) in fields {
            if !inputs.is_empty() && !columns.contains_key(&name) {
                return Err(format!("the model has no input `{name}`"));
            }
            columns.entry(name).or_default().push(value.get());
        }
    }
    if columns.values().any(|values| values.len() != rows.len()) {
        return Err("the rows of one batch have different fields".into());
    }
    Ok(columns)
}

/// An object that stands for bytes.
fn is_bytes(fields: &IndexMap<String, &RawValue>) -> bool {
    fields.len() == 1 && fields.contains_key("b64")
}

/// The type of an input's elements: the one of the model's metadata, or else one that can hold what the
/// values have.
pub(in crate::work::protocol) fn datatype_of(
    info: Option<&TensorInfo>,
    values: &[&str],
) -> Result<Datatype, String> {
    if let Some(known) = info.and_then(|info| info.datatype) {
        return Ok(known);
    }
    let guesses = values.iter().map(|value| Ok(guess(&parsed(value)?)));
    let guesses: Vec<Datatype> = guesses.collect::<Result<_, String>>()?;
    Ok(guesses.into_iter().max().unwrap_or(Datatype::Fp32))
}

/// The shape that all values have, by their first elements.
pub(in crate::work::protocol) fn shape_of(name: &str, values: &[&str]) -> Result<Vec<u64>, String> {
    let mut common: Option<Vec<u64>> = None;
    for value in values {
        let json = parsed(value)?;
        let (mut shape, mut at) = (Vec::new(), &json);
        while let Json::Array(items) = at {
            shape.push(items.len() as u64);
            match items.first() {
                Some(first) => at = first,
                None => break,
            }
        }
        match &common {
            None => common = Some(shape),
            Some(common) if *common == shape => {}
            Some(common) => {
                return Err(format!(
                    "`{name}` has the shape {shape:?}, and others of its batch {common:?}"
                ));
            }
        }
    }
    Ok(common.unwrap_or_default())
}

fn parsed(value: &str) -> Result<Json, String> {
    serde_json::from_str(value).map_err(|error| error.to_string())
}

fn guess(value: &Json) -> Datatype {
    match value {
        Json::Array(items) => items.iter().map(guess).max().unwrap_or(Datatype::Fp32),
        Json::Bool(_) => Datatype::Bool,
        Json::Number(number) if number.is_i64() => Datatype::Int64,
        Json::Number(_) => Datatype::Fp64,
        _ => Datatype::Bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str) -> TensorInfo {
        TensorInfo { name: name.into(), datatype: Some(Datatype::Fp32), shape: Vec::new() }
    }

    #[test]
    fn values_go_to_inputs_by_name() {
        let rows = [r#"{"b":[1,2],"a":3.50}"#, r#"{"a":4,"b":[5,6]}"#];
        let columns = columns(&rows, &[info("a"), info("b")]).unwrap();
        assert_eq!(columns["a"], ["3.50", "4"]);
        assert_eq!(columns["b"], ["[1,2]", "[5,6]"]);
        let bare = ["[1,2]", r#"{"b64":"AA=="}"#];
        assert_eq!(super::columns(&bare, &[info("x")]).unwrap()["x"], bare);
        assert_eq!(super::columns(&bare, &[]).unwrap()["input-0"], bare);
    }

    #[test]
    fn a_row_that_fits_no_input_is_said() {
        let said = |row: &str, inputs: &[TensorInfo]| columns(&[row], inputs).unwrap_err();
        assert!(said("[1]", &[info("a"), info("b")]).contains("a, b"));
        assert!(said(r#"{"a":1}"#, &[info("b")]).contains("no `b`"));
        assert!(said(r#"{"a":1,"b":2}"#, &[info("b")]).contains("no input `a`"));
    }

    #[test]
    fn types_and_shapes_follow_from_values() {
        let of = |values: &[&str]| (shape_of("x", values), datatype_of(None, values).unwrap());
        assert_eq!(of(&["[[1,2],[3,4.5]]"]), (Ok(vec![2, 2]), Datatype::Fp64));
        assert_eq!(of(&["3", "4"]), (Ok(vec![]), Datatype::Int64));
        assert_eq!(of(&[r#"["x"]"#]), (Ok(vec![1]), Datatype::Bytes));
        assert!(of(&["[1]", "[1,2]"]).0.unwrap_err().contains("[2]"));
        assert_eq!(datatype_of(Some(&info("x")), &["3"]), Ok(Datatype::Fp32));
    }
}
