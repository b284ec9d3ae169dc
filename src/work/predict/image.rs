//! Images as instances: their bytes, where the model decodes them itself, and else their pixels.

use bytes::Bytes;

use super::PredictionError;
use super::ask::b64;
use super::pixels::{Picture, PixelRange, arrange};
use crate::plan::Protocol;
use crate::work::batch::FileRow;
use crate::work::protocol::{Caller, Datatype, TensorInfo};

/// A file with an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageFile {
    /// How it is called in messages.
    pub name: String,
    /// All of it.
    pub content: Bytes,
}

/// Instances of images for the model's only input: `{"b64": ...}` where that takes bytes or nothing is known
/// of it, pixels where it takes numbers. The error says what the model takes instead.
pub async fn image_rows(
    caller: &Caller,
    protocol: Protocol,
    files: &[ImageFile],
    range: PixelRange,
) -> Result<Vec<FileRow>, PredictionError> {
    if protocol == Protocol::Openai {
        let reason = "an OpenAI-style server takes images as parts of a message: give the whole body \
                      with --json";
        return Err(PredictionError::Image(reason.to_owned()));
    }
    let inputs = caller.inputs().await;
    let input = only(&inputs)?;
    let rows = files.iter().zip(1..).map(|(file, line)| {
        let instance = instance(input, &file.content, range);
        let instance = instance
            .map_err(|reason| PredictionError::Image(format!("{}: {reason}", file.name)))?;
        Ok(FileRow { line, instance: Ok(instance) })
    });
    rows.collect()
}

/// The model's only input; `None` where nothing is known.
fn only(inputs: &[TensorInfo]) -> Result<Option<&TensorInfo>, PredictionError> {
    match inputs {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => {
            let all: Vec<&str> = several.iter().map(|input| input.name.as_str()).collect();
            Err(PredictionError::Image(format!(
                "the model has several inputs ({}): give whole rows with --json or --file, with an \
                 image as {{\"b64\": ...}}",
                all.join(", ")
            )))
        }
    }
}

/// What one image is to an input.
fn instance(
    input: Option<&TensorInfo>,
    content: &Bytes,
    range: PixelRange,
) -> Result<Bytes, String> {
    let is_of_numbers =
        |input: &&TensorInfo| input.datatype.is_some_and(|datatype| datatype != Datatype::Bytes);
    let Some(input) = input.filter(is_of_numbers) else { return Ok(b64(content)) };
    let values = Picture::decode(content).and_then(|picture| arrange(&picture, input, range));
    values.map(Bytes::from).map_err(|reason| {
        let datatype = input.datatype.map(Datatype::name).unwrap_or_default();
        let (name, shape) = (&input.name, &input.shape);
        format!("{reason} (the model's input `{name}` is {datatype} {shape:?}, so it takes pixels)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(datatype: Datatype) -> TensorInfo {
        TensorInfo { name: "x".into(), datatype: Some(datatype), shape: vec![-1, 28, 28] }
    }

    #[test]
    fn bytes_go_where_bytes_are_taken_or_nothing_is_known() {
        let content = Bytes::from_static(b"abc");
        let of = |input: Option<&TensorInfo>| instance(input, &content, PixelRange::Bytes);
        assert_eq!(of(None).unwrap(), r#"{"b64":"YWJj"}"#);
        assert_eq!(of(Some(&input(Datatype::Bytes))).unwrap(), r#"{"b64":"YWJj"}"#);
        assert!(of(Some(&input(Datatype::Fp32))).unwrap_err().contains("neither PNG nor JPEG"));
        let two = [input(Datatype::Bytes), input(Datatype::Int64)];
        assert!(only(&two).unwrap_err().to_string().contains("(x, x)"));
    }
}
