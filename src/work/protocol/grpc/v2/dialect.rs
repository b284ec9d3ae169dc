//! Requests and answers of the protocol.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use serde_json::Value as Json;

use super::messages::{
    InferParameter, InferTensor, ModelInferRequest, ModelInferResponse, ModelMetadataRequest,
    ModelMetadataResponse, ModelReadyRequest, ModelReadyResponse, Parameter,
};
use super::tensors::output;
use crate::plan::ServerPlan;
use crate::work::protocol::answered::Answered;
use crate::work::protocol::dialect::{Asked, Dialect, Found};
use crate::work::protocol::grpc::inputs::{Input, inputs};
use crate::work::protocol::grpc::outputs::{Output, predictions};
use crate::work::protocol::tensors::{Datatype, TensorInfo};

const INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
const METADATA: &str = "/inference.GRPCInferenceService/ModelMetadata";
const READY: &str = "/inference.GRPCInferenceService/ModelReady";

/// A model behind the protocol.
pub(in crate::work::protocol) struct V2 {
    model: String,
    version: String,
    inputs: Vec<TensorInfo>,
    parameters: BTreeMap<String, InferParameter>,
}

impl V2 {
    /// The method that predicts.
    pub(in crate::work::protocol) const INFER: &str = INFER;

    /// The question about the plan's model, whose answer [`Self::new`] takes.
    pub(in crate::work::protocol) fn question(plan: &ServerPlan) -> Asked {
        let (name, version) = named(plan);
        let request = ModelMetadataRequest { name, version };
        Asked { body: request.encode_to_vec().into(), ..Asked::at(METADATA) }
    }

    /// The plan's model as the server describes it, and its latest version. The error says what is
    /// wrong in the plan or the answer.
    pub(in crate::work::protocol) fn new(
        plan: &ServerPlan,
        metadata: Bytes,
    ) -> Result<(Self, Option<String>), String> {
        let metadata = ModelMetadataResponse::decode(metadata)
            .map_err(|error| format!("the model's metadata can't be read: {error}"))?;
        let (model, version) = named(plan);
        let inputs = metadata.inputs.into_iter().map(|input| {
            let datatype = Datatype::named(&input.datatype);
            TensorInfo { name: input.name, datatype, shape: input.shape }
        });
        let parameters = plan.parameters.as_ref().map(parameters).transpose()?;
        let this = Self {
            model,
            version,
            inputs: inputs.collect(),
            parameters: parameters.unwrap_or_default(),
        };
        Ok((this, metadata.versions.last().cloned()))
    }
}

impl Dialect for V2 {
    fn inputs(&self) -> &[TensorInfo] {
        &self.inputs
    }

    fn ask(&self, rows: &[&[u8]], _apart: bool) -> Result<Asked, String> {
        let mut request = ModelInferRequest {
            model_name: self.model.clone(),
            model_version: self.version.clone(),
            // Some servers refuse requests without one.
            id: "1".into(),
            parameters: self.parameters.clone(),
            ..ModelInferRequest::default()
        };
        for Input { name, datatype, shape, elements } in inputs(rows, &self.inputs)? {
            request.inputs.push(InferTensor {
                name,
                datatype: datatype.name(),
                shape: shape.iter().map(|length| length.cast_signed()).collect(),
                contents: None,
            });
            // All of them, or none: servers refuse what is mixed, and some types have no other form.
            request.raw_input_contents.push(elements.raw().into());
        }
        Ok(Asked { body: request.encode_to_vec().into(), ..Asked::at(INFER) })
    }

    fn found(
        &self,
        _: &Asked,
        answered: &Answered,
        count: usize,
        _: bool,
    ) -> Result<Found, String> {
        let response = ModelInferResponse::decode(answered.body.clone())
            .map_err(|error| format!("its answer can't be read: {error}"))?;
        let ModelInferResponse { model_version, outputs, raw_output_contents } = response;
        let (raw, named) = (raw_output_contents.len(), outputs.len());
        if raw > 0 && raw != named {
            return Err(format!("its answer has {named} outputs and {raw} contents"));
        }
        let raw = raw_output_contents.into_iter().map(Some).chain(std::iter::repeat(None));
        let outputs = outputs.into_iter().zip(raw).map(|(tensor, raw)| output(tensor, raw));
        let outputs: Vec<Output> = outputs.collect::<Result<_, String>>()?;
        let version = Some(model_version).filter(|version| !version.is_empty());
        Ok(Found { version, ..predictions(&outputs, count)? })
    }
}

/// The question whether the plan's model is served; [`is_ready`] takes the answer.
pub(in crate::work::protocol::grpc) fn health(plan: &ServerPlan) -> Asked {
    let (name, version) = named(plan);
    let request = ModelReadyRequest { name, version };
    Asked { body: request.encode_to_vec().into(), ..Asked::at(READY) }
}

/// The error says what is still missing.
pub(in crate::work::protocol::grpc) fn is_ready(answer: Bytes) -> Result<(), String> {
    let answer = ModelReadyResponse::decode(answer)
        .map_err(|error| format!("its readiness can't be read: {error}"))?;
    if answer.ready { Ok(()) } else { Err("the model is not ready".into()) }
}

fn named(plan: &ServerPlan) -> (String, String) {
    (plan.model_name.clone(), plan.version.clone().unwrap_or_default())
}

/// What each request has beside its inputs: single values, as the protocol has them.
fn parameters(json: &Json) -> Result<BTreeMap<String, InferParameter>, String> {
    let wrong = |name: &str| {
        format!(
            "`{name}` can't be sent over gRPC: its parameters are numbers, strings and booleans"
        )
    };
    let fields = json.as_object().ok_or_else(|| wrong("parameters"))?;
    let parameter = |(name, value): (&String, &Json)| {
        let choice = match value {
            Json::Bool(value) => Parameter::Bool(*value),
            Json::String(value) => Parameter::String(value.clone()),
            Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
                (Some(value), _, _) => Parameter::Int64(value),
                (None, Some(value), _) => Parameter::Uint64(value),
                (None, None, value) => Parameter::Double(value.unwrap_or_default()),
            },
            _ => return Err(wrong(&format!("parameters.{name}"))),
        };
        Ok((name.clone(), InferParameter { choice: Some(choice) }))
    };
    fields.iter().map(parameter).collect()
}
