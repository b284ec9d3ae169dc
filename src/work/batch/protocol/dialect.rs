//! One batch in each protocol: the request for it, and the predictions of the answer.

use bytes::{Bytes, BytesMut};
use serde_json::Value as Json;

use super::address::Address;
use super::answer;
use super::v2::{self, Metadata};
use crate::plan::{Protocol, ServerPlan};

/// What is sent for a batch.
#[derive(Debug)]
pub(super) struct Asked {
    /// The whole URL.
    pub(super) url: String,
    /// The body.
    pub(super) body: Bytes,
    /// Bytes of JSON before binary data.
    pub(super) json_length: Option<usize>,
}

/// How batches are asked for.
pub(super) struct Dialect {
    pub(super) address: Address,
    pub(super) protocol: Protocol,
    pub(super) metadata: Metadata,
    signature: Option<String>,
    parameters: Option<Json>,
}

impl Dialect {
    /// The dialect of a plan's server at this address, with what it says of the model.
    pub(super) fn new(plan: &ServerPlan, address: Address, metadata: Metadata) -> Self {
        Self {
            address,
            protocol: plan.protocol,
            metadata,
            signature: plan.signature.clone(),
            parameters: plan.parameters.clone(),
        }
    }

    /// TF Serving's signature, where the plan names one.
    pub(super) fn signature(&self) -> Option<&str> {
        self.signature.as_deref()
    }

    /// The request for a batch; the error is the fault of a row in it.
    pub(super) fn ask(&self, rows: &[Bytes]) -> Result<Asked, String> {
        let url = self.address.predict();
        if self.protocol == Protocol::V2Rest {
            let infer = v2::request(rows, &self.metadata, self.parameters.as_ref())?;
            return Ok(Asked { url, body: infer.body, json_length: infer.json_length });
        }
        let room: usize = rows.iter().map(|row| row.len() + 1).sum();
        let mut body = BytesMut::with_capacity(room + 64);
        body.extend_from_slice(b"{");
        if let Some(signature) = &self.signature {
            body.extend_from_slice(
                format!("\"signature_name\":{},", Json::from(&**signature)).as_bytes(),
            );
        }
        body.extend_from_slice(b"\"instances\":[");
        for (at, row) in rows.iter().enumerate() {
            if at > 0 {
                body.extend_from_slice(b",");
            }
            body.extend_from_slice(row);
        }
        body.extend_from_slice(b"]");
        if let Some(parameters) = &self.parameters {
            body.extend_from_slice(format!(",\"parameters\":{parameters}").as_bytes());
        }
        body.extend_from_slice(b"}");
        Ok(Asked { url, body: body.freeze(), json_length: None })
    }

    /// The predictions of an answer to so many rows, and the version that it names; the error says why
    /// they can't be the rows'.
    pub(super) fn predictions(
        &self,
        body: &Bytes,
        json_length: Option<usize>,
        count: usize,
    ) -> Result<(Vec<Bytes>, Option<String>), String> {
        if self.protocol == Protocol::V2Rest {
            let json =
                json_length.map_or(body.clone(), |length| body.slice(..length.min(body.len())));
            return v2::predictions(&json, count);
        }
        let found = answer::array(body, "predictions")?;
        if found.len() != count {
            return Err(format!("it answered {} predictions for {count} rows", found.len()));
        }
        Ok((found, None))
    }
}
