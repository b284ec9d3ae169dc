//! Requests and answers of TF Serving.

use bytes::Bytes;
use prost::Message;

use super::messages::{
    GetModelMetadataRequest, GetModelMetadataResponse, GetModelStatusRequest,
    GetModelStatusResponse, Int64Value, ModelSpec, PredictRequest, PredictResponse,
    SignatureDefMap,
};
use super::tensors::{datatype, input, output};
use crate::plan::ServerPlan;
use crate::work::protocol::answered::Answered;
use crate::work::protocol::dialect::{Asked, Dialect, Found};
use crate::work::protocol::grpc::inputs::inputs;
use crate::work::protocol::grpc::outputs::{Output, predictions};
use crate::work::protocol::known::Unknown;
use crate::work::protocol::tensors::TensorInfo;

const PREDICT: &str = "/tensorflow.serving.PredictionService/Predict";
const METADATA: &str = "/tensorflow.serving.PredictionService/GetModelMetadata";
const STATUS: &str = "/tensorflow.serving.ModelService/GetModelStatus";
/// The only metadata that there are.
const SIGNATURES: &str = "signature_def";
const USUAL_SIGNATURE: &str = "serving_default";
/// A signature that initializes the model, which nobody asks.
const OF_INITIALIZING: &str = "__saved_model_init_op";
/// `ModelVersionStatus.State.AVAILABLE`.
const AVAILABLE: i32 = 30;

/// One signature of a model.
pub(in crate::work::protocol) struct TensorFlow {
    spec: ModelSpec,
    inputs: Vec<TensorInfo>,
}

impl TensorFlow {
    /// The method that predicts.
    pub(in crate::work::protocol) const PREDICT: &str = PREDICT;

    /// The question about the plan's model, whose answer [`Self::new`] takes. The error says what is
    /// wrong in the plan.
    pub(in crate::work::protocol) fn question(plan: &ServerPlan) -> Result<Asked, String> {
        let request = GetModelMetadataRequest {
            model_spec: Some(spec(plan)?),
            metadata_field: vec![SIGNATURES.into()],
        };
        Ok(Asked { body: request.encode_to_vec().into(), ..Asked::at(METADATA) })
    }

    /// The plan's signature as the server describes it, and the version of the model.
    pub(in crate::work::protocol) fn new(
        plan: &ServerPlan,
        metadata: Bytes,
    ) -> Result<(Self, Option<String>), Unknown> {
        let unreadable =
            |error| Unknown::Wrong(format!("the model's metadata can't be read: {error}"));
        let response = GetModelMetadataResponse::decode(metadata).map_err(unreadable)?;
        let signatures = response.metadata.get(SIGNATURES).map(|any| any.value.clone());
        let signatures =
            SignatureDefMap::decode(signatures.unwrap_or_default()).map_err(unreadable)?;
        let mut spec = spec(plan).map_err(Unknown::Wrong)?;
        spec.signature_name = plan.signature.clone().unwrap_or_else(|| USUAL_SIGNATURE.to_owned());
        let Some(signature) = signatures.signature_def.get(&spec.signature_name) else {
            let names = signatures.signature_def.keys().map(String::as_str);
            let names = names.filter(|name| *name != OF_INITIALIZING).map(str::to_owned);
            return Err(Unknown::NoSignature {
                signature: spec.signature_name,
                known: names.collect(),
            });
        };
        let info = |(name, info): (&String, &super::messages::TensorInfo)| {
            let datatype = datatype(info.dtype).ok_or_else(|| {
                format!(
                    "the model's input `{name}` has the type {}, which has no form in JSON",
                    info.dtype
                )
            })?;
            let shape = info.tensor_shape.clone().unwrap_or_default();
            let shape = shape.dim.iter().map(|dim| dim.size).collect();
            Ok(TensorInfo { name: name.clone(), datatype: Some(datatype), shape })
        };
        let inputs = signature
            .inputs
            .iter()
            .map(info)
            .collect::<Result<_, String>>()
            .map_err(Unknown::Wrong)?;
        Ok((Self { spec, inputs }, version(response.model_spec)))
    }
}

impl Dialect for TensorFlow {
    fn inputs(&self) -> &[TensorInfo] {
        &self.inputs
    }

    fn ask(&self, rows: &[&[u8]], _apart: bool) -> Result<Asked, String> {
        let tensors = inputs(rows, &self.inputs)?.into_iter();
        let tensors = tensors.map(|one| (one.name, input(one.datatype, &one.shape, one.elements)));
        let request =
            PredictRequest { model_spec: Some(self.spec.clone()), inputs: tensors.collect() };
        Ok(Asked { body: request.encode_to_vec().into(), ..Asked::at(PREDICT) })
    }

    fn found(
        &self,
        _: &Asked,
        answered: &Answered,
        count: usize,
        _: bool,
    ) -> Result<Found, String> {
        let response = PredictResponse::decode(answered.body.clone())
            .map_err(|error| format!("its answer can't be read: {error}"))?;
        let outputs = response.outputs.into_iter().map(|(name, tensor)| output(&name, tensor));
        let outputs: Vec<Output> = outputs.collect::<Result<_, String>>()?;
        Ok(Found { version: version(response.model_spec), ..predictions(&outputs, count)? })
    }
}

/// The question whether the plan's model is served; [`is_ready`] takes the answer.
pub(in crate::work::protocol::grpc) fn health(plan: &ServerPlan) -> Result<Asked, String> {
    let request = GetModelStatusRequest { model_spec: Some(spec(plan)?) };
    Ok(Asked { body: request.encode_to_vec().into(), ..Asked::at(STATUS) })
}

/// Versions that load or have ended are told of, too. The error says what is still missing.
pub(in crate::work::protocol::grpc) fn is_ready(status: Bytes) -> Result<(), String> {
    let status = GetModelStatusResponse::decode(status)
        .map_err(|error| format!("its status can't be read: {error}"))?;
    let versions = status.model_version_status;
    if versions.iter().any(|version| version.state == AVAILABLE) {
        return Ok(());
    }
    let told = versions.into_iter().map(|one| {
        let message = one.status.unwrap_or_default().error_message;
        format!("version {} is in state {} {message}", one.version, one.state).trim_end().to_owned()
    });
    let told: Vec<String> = told.collect();
    Err(if told.is_empty() { "it has no version of the model".to_owned() } else { told.join(", ") })
}

fn spec(plan: &ServerPlan) -> Result<ModelSpec, String> {
    let number = |version: &String| {
        let value = version.parse().map_err(|_| {
            format!("model.version `{version}` is no number, as TF Serving's versions are")
        });
        value.map(|value| Int64Value { value })
    };
    Ok(ModelSpec {
        name: plan.model_name.clone(),
        version: plan.version.as_ref().map(number).transpose()?,
        signature_name: String::new(),
    })
}

fn version(spec: Option<ModelSpec>) -> Option<String> {
    Some(spec?.version?.value.to_string())
}
