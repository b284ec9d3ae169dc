//! What is asked: one JSON value, a body of a protocol's own, or rows of a file.

use bytes::Bytes;

use super::PredictionError;
use crate::plan::Protocol;
use crate::work::batch::json::{elements, fields, name_is, value_range};
use crate::work::batch::{FileRow, json_reason};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// Rows, each an instance of its own.
    Rows(Vec<FileRow>),
    /// A body that is sent as it is.
    Body(Body),
}

/// The body of a request, as somebody has written it.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// All of it.
    pub bytes: Bytes,
    /// The instances of `{"instances": [...]}`, for protocols that have another form of them; `None` for
    /// `{"inputs": ...}`.
    pub instances: Option<Vec<Bytes>>,
}

impl Input {
    /// One JSON text: `{"instances": [...]}` and `{"inputs": ...}` are bodies, all else is an instance. The
    /// error says where it is no JSON.
    pub fn of_json(text: &Bytes) -> Result<Self, PredictionError> {
        if text.trim_ascii().is_empty() {
            return Err(PredictionError::Json("it is empty, and no JSON".to_owned()));
        }
        let range =
            value_range(text).map_err(|error| PredictionError::Json(json_reason(&error, 1)))?;
        let value = text.slice(range);
        let named = fields(&value).unwrap_or_default();
        let field = |name: &str| named.iter().find(|field| name_is(&field.name, name));
        if let Some(list) = field("instances").and_then(|field| elements(&field.value)) {
            return Ok(Self::Body(Body { bytes: value, instances: Some(list) }));
        }
        if field("inputs").is_some() {
            return Ok(Self::Body(Body { bytes: value, instances: None }));
        }
        Ok(Self::Rows(vec![FileRow { line: 1, instance: Ok(value) }]))
    }

    /// The same as a server of this protocol takes it: where a body has no meaning, its instances are rows.
    /// With a signature that the body doesn't have they are rows too.
    pub fn in_protocol(
        self,
        protocol: Protocol,
        signature: Option<&str>,
    ) -> Result<Self, PredictionError> {
        let Self::Body(body) = self else { return Ok(self) };
        let takes_instances = matches!(protocol, Protocol::TensorflowRest | Protocol::Vertex);
        let is_grpc = matches!(protocol, Protocol::TensorflowGrpc | Protocol::V2Grpc);
        match body.instances {
            Some(instances) if !takes_instances || signature.is_some() => {
                let rows = instances.into_iter().zip(1..);
                let row = |(instance, line)| FileRow { line, instance: Ok(instance) };
                Ok(Self::Rows(rows.map(row).collect()))
            }
            None if is_grpc || protocol == Protocol::Openai => Err(PredictionError::Inputs),
            instances => Ok(Self::Body(Body { bytes: body.bytes, instances })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Input, PredictionError> {
        Input::of_json(&Bytes::from(text.to_owned()))
    }

    #[test]
    fn a_body_is_known_by_its_fields() {
        assert!(matches!(of("[1, 2]").unwrap(), Input::Rows(rows) if rows.len() == 1));
        assert!(matches!(of(r#"{"x": NaN}"#).unwrap(), Input::Rows(_)));
        let Input::Body(body) = of(r#" {"instances":[1,[2]]} "#).unwrap() else { panic!("a body") };
        assert_eq!(body.instances.unwrap().len(), 2);
        assert_eq!(body.bytes, r#"{"instances":[1,[2]]}"#);
        let error = of("{\"x\": 1,\n }").unwrap_err().to_string();
        assert!(error.starts_with("line 2, column 2: it is no JSON"), "{error}");
    }

    #[test]
    fn instances_are_rows_where_a_protocol_has_no_such_body() {
        let rows = |protocol, signature| {
            let input = of(r#"{"instances":[1,2]}"#).unwrap();
            matches!(input.in_protocol(protocol, signature).unwrap(), Input::Rows(_))
        };
        assert!(!rows(Protocol::TensorflowRest, None) && rows(Protocol::TensorflowRest, Some("s")));
        assert!(rows(Protocol::TensorflowGrpc, None) && rows(Protocol::V2Rest, None));
        let inputs = of(r#"{"inputs":{"x":[1]}}"#).unwrap();
        assert!(inputs.clone().in_protocol(Protocol::TensorflowGrpc, None).is_err());
        assert_eq!(inputs.clone().in_protocol(Protocol::V2Rest, None).unwrap(), inputs);
    }
}
